import { type NatsServer, startNats } from '@daybook/testing'
import { jetstream } from '@nats-io/jetstream'
import { connect, headers, type NatsConnection, nkeyAuthenticator } from '@nats-io/transport-node'
import {
  type Admission,
  answerCallouts,
  type BusLogger,
  type BusService,
  type CalloutOptions,
  connectBus,
  createBusKeys,
  inboxOfService,
  inboxOfToken,
  natsAccounts,
} from '../src/index.ts'

export type { NatsConnection }

/** A server on which everybody has a name, and a gateway that knows the tokens of a map. */
export interface GuardedNats extends AsyncDisposable {
  readonly server: NatsServer
  readonly tokens: Map<string, Admission>
  /** The bus of a service, as it connects in a deployment. */
  connectService(service: BusService, logger?: BusLogger): ReturnType<typeof connectBus>
  /** The bare client, for what a service does not do. */
  dialService(service: BusService): Promise<NatsConnection>
  dialHolder(token: string, inbox?: string): Promise<NatsConnection>
}

export async function startGuardedNats(
  options: Partial<Pick<CalloutOptions, 'lifeMsMax' | 'isStillGood' | 'lookEveryMs'>> = {},
): Promise<GuardedNats> {
  await using stack = new AsyncDisposableStack()
  const keys = createBusKeys()
  const server = stack.use(await startNats({ accounts: natsAccounts(keys) }))
  const tokens = new Map<string, Admission>()
  const connectService: GuardedNats['connectService'] = (service, logger) => {
    const nkeySeed = keys.services[service].seed
    const config = {
      servers: server.url,
      name: service,
      nkeySeed,
      inboxPrefix: inboxOfService(service),
      wait: true,
    }
    return connectBus(config, logger)
  }
  const gateway = stack.use(await connectService('gateway'))
  const authenticate = async (token: string) => tokens.get(token)
  const isStillGood = async (tokenId: string) =>
    [...tokens.values()].some(({ holder }) => holder.tokenId === tokenId)
  const issuerSeed = keys.issuer.seed
  stack.use(answerCallouts(gateway, { issuerSeed, authenticate, isStillGood, ...options }))
  const opened = stack.move()
  return {
    server,
    tokens,
    connectService,
    dialService: (service) =>
      connect({
        servers: server.url,
        authenticator: nkeyAuthenticator(new TextEncoder().encode(keys.services[service].seed)),
        inboxPrefix: inboxOfService(service),
      }),
    dialHolder: (token, inbox = inboxOfToken(tokens.get(token)?.holder.tokenId ?? 'x')) =>
      connect({ servers: server.url, token, inboxPrefix: inbox, reconnect: false }),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

/** Publishes to a queue as any client would, and waits until it is kept. */
export async function enqueue(
  connection: NatsConnection,
  subject: string,
  message: { text: string; receiptTo?: string },
): Promise<void> {
  const all = headers()
  if (message.receiptTo !== undefined) all.set('Daybook-Receipt-To', message.receiptTo)
  await jetstream(connection).publish(subject, message.text, { headers: all })
}

/** The token of an agent of one tenant. */
export function admission(
  tokenId: string,
  tenant: string,
  ...scopes: Admission['holder']['scopes']
): Admission {
  const actor = { kind: 'agent' as const, id: `${tokenId}.agent` }
  return { holder: { tokenId, tenant, actor, scopes }, expiresAtMs: Number.POSITIVE_INFINITY }
}
