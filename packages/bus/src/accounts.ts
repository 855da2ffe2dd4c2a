import type { BusService, Permissions } from './permissions.ts'
import { servicePermissions } from './permissions.ts'

/**
 * Who may connect to a NATS server, as a part of its configuration.
 *
 * A1. Services, holders of tokens, and the gateway's answers to the server are three accounts: nothing goes from one to
 *     another but what is exported here.
 * A2. That holders of tokens have one of their own is more than tidiness. Whoever sends a request chooses the subject of
 *     the answer, and the server does not check it: inside one account, a queued append whose receipt is to go to
 *     `daybook.events.…`, or to the API of JetStream, would put it there with nobody's permission.
 * A3. Permissions are lists of what is allowed; nothing is built on what is denied.
 * A4. The server is told public keys only, so this text holds no secret.
 */

/** Services, streams and consumers. */
export const SERVICES_ACCOUNT = 'DAYBOOK'
/** Holders of tokens. */
export const HOLDERS_ACCOUNT = 'CLIENTS'
/** The server's own, in which it asks the gateway who comes, and the gateway tells it whom to send away. */
const SYSTEM_ACCOUNT = 'SYS'

const accountOf: Readonly<Record<BusService, string>> = {
  journal: SERVICES_ACCOUNT,
  projection: SERVICES_ACCOUNT,
  inbound: SERVICES_ACCOUNT,
  cron: SERVICES_ACCOUNT,
  gateway: SYSTEM_ACCOUNT,
}

/** What holders of tokens may ask; their permissions say which of them what. */
const SERVICES = [
  'daybook.rpc.*.journal.append',
  'daybook.rpc.*.journal.append.*.*',
  'daybook.queue.*.append',
  'daybook.queue.*.append.*.*',
  'daybook.rpc.*.inbound.*',
  'daybook.rpc.*.inbound.*.*.*',
  'daybook.rpc.*.cron.*',
  'daybook.rpc.*.cron.*.*.*',
]
/** What they may hear. */
const STREAMS = ['daybook.events.>', 'daybook.receipt.>', 'daybook.deliver.>', 'daybook.app.>']

/** The gateway asks its database; a connection that gets no answer in this time is refused. */
const CALLOUT_TIMEOUT_SECONDS = 5

/** Public halves of the keys. */
export interface AccountKeys {
  readonly services: Readonly<Record<BusService, { readonly publicKey: string }>>
  readonly issuer: { readonly publicKey: string }
}

/** The blocks `accounts`, `system_account` and `authorization` of `nats.conf`. Written into a server's configuration, nobody is anonymous. */
export function natsAccounts({ services, issuer }: AccountKeys): string {
  const usersOf = (account: string) =>
    Object.entries(services).flatMap(([service, { publicKey }]) =>
      isService(service) && accountOf[service] === account
        ? [{ nkey: publicKey, permissions: allowing(servicePermissions[service]) }]
        : [],
    )
  const accounts = {
    [SERVICES_ACCOUNT]: {
      jetstream: 'enabled',
      users: usersOf(SERVICES_ACCOUNT),
      exports: [...SERVICES.map((service) => ({ service })), ...STREAMS.map((stream) => ({ stream }))],
    },
    [HOLDERS_ACCOUNT]: {
      imports: [
        ...SERVICES.map((subject) => ({ service: { account: SERVICES_ACCOUNT, subject } })),
        ...STREAMS.map((subject) => ({ stream: { account: SERVICES_ACCOUNT, subject } })),
      ],
    },
    [SYSTEM_ACCOUNT]: { users: usersOf(SYSTEM_ACCOUNT) },
  }
  const authorization = {
    timeout: CALLOUT_TIMEOUT_SECONDS,
    auth_callout: {
      issuer: issuer.publicKey,
      account: SYSTEM_ACCOUNT,
      // Everybody else is asked of the gateway.
      auth_users: Object.values(services).map(({ publicKey }) => publicKey),
    },
  }
  // JSON is a part of what the server reads, one key a line at the top.
  const blocks = { accounts, system_account: SYSTEM_ACCOUNT, authorization }
  return Object.entries(blocks)
    .map(([name, block]) => `${name}: ${JSON.stringify(block, null, 2)}\n`)
    .join('')
}

function allowing({ publish, subscribe }: Permissions) {
  return { publish: { allow: publish }, subscribe: { allow: subscribe } }
}

function isService(name: string): name is BusService {
  return Object.hasOwn(accountOf, name)
}
