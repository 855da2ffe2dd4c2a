import { DaybookError } from '@daybook/errors'
import { type ConnectionOptions, nkeyAuthenticator, nkeys } from '@nats-io/transport-node'
import type { Topology } from './topology.ts'

/** How to reach NATS. */
export interface BusConfig {
  /** `nats://host:4222`, or several separated by commas. A `user:password@` or `token@` in front of
   * the host is understood. */
  readonly servers: string
  /** Shown by the server's monitoring; the name of the service. */
  readonly name: string
  /**
   * Where replies come to. Give each service its own and allow it nothing else: under the default `_INBOX` everyone
   * may read everyone's replies.
   */
  readonly inboxPrefix?: string | undefined
  readonly user?: string | undefined
  readonly password?: string | undefined
  readonly token?: string | undefined
  /** The secret half of an nkey (`SU…`); the server knows only the public half. */
  readonly nkeySeed?: string | undefined
  /** Wait for the first connection, `waitMs` at most. By default the bus connects in the background. */
  readonly wait?: boolean | undefined
  /** 10,000 by default. */
  readonly waitMs?: number | undefined
  /** What `ensureTopology` and the consumers keep in being; by default the topology with default limits. */
  readonly topology?: Topology | undefined
  /**
   * Whether `ensureTopology` makes anything; true by default. In a deployment only the journal may: a service that could
   * make consumers could have them deliver to any subject.
   */
  readonly makesTopology?: boolean | undefined
}

/** A handshake on a busy machine takes well under a second. */
const CONNECT_TIMEOUT_MS = 5_000

/** With two unanswered pings a silent server (stopped, unplugged) is noticed after 30 s; TCP alone takes many minutes. */
const PING_INTERVAL_MS = 10_000
const PINGS_UNANSWERED_MAX = 2

/** Options of the client. Errors: `unsafe-configuration` for credentials or an inbox prefix that cannot be used. */
export function natsOptions(config: BusConfig, reconnectDelayMs: () => number): ConnectionOptions {
  return {
    servers: config.servers.split(',').map((server) => parseServer(server).address),
    name: config.name,
    ...(config.inboxPrefix === undefined ? {} : { inboxPrefix: checkedInboxPrefix(config.inboxPrefix) }),
    ...credentialsOf(config),
    timeout: CONNECT_TIMEOUT_MS,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: PINGS_UNANSWERED_MAX,
    maxReconnectAttempts: -1,
    reconnectDelayHandler: reconnectDelayMs,
    // A server that refuses us during a change of its configuration may take us after it.
    ignoreAuthErrorAbort: true,
    // A stack trace for each request costs more than the request.
    noAsyncTraces: true,
  }
}

function credentialsOf(config: BusConfig): Partial<ConnectionOptions> {
  if (config.nkeySeed !== undefined) return { authenticator: nkeyAuthenticator(seedBytes(config.nkeySeed)) }
  if (config.token !== undefined) return { token: config.token }
  if (config.user !== undefined) return { user: config.user, pass: config.password ?? '' }
  const addressed = config.servers.split(',').map(parseServer)
  return addressed.find((server) => server.credentials !== undefined)?.credentials ?? {}
}

/**
 * The client does not know credentials in addresses, and addresses are logged: they are taken apart here.
 * As everywhere with NATS, one word in front of the host is a token and two are user and password.
 */
function parseServer(server: string): {
  address: string
  credentials?: { token: string } | { user: string; pass: string }
} {
  const url = URL.parse(server.includes('://') ? server.trim() : `nats://${server.trim()}`)
  if (url === null || url.hostname === '') {
    // Not quoted: it may hold a password.
    throw new DaybookError('unsafe-configuration', 'A NATS address is not valid. Use nats://host:4222.')
  }
  const address = `${url.protocol}//${url.host}`
  const [user, pass] = [url.username, url.password].map(decodePercents)
  if (user === undefined || user === '') return { address }
  return { address, credentials: pass === undefined || pass === '' ? { token: user } : { user, pass } }
}

/** A lone percent sign means itself. */
function decodePercents(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function checkedInboxPrefix(prefix: string): string {
  if (/^[^\s.*>]+(\.[^\s.*>]+)*$/.test(prefix)) return prefix
  const message = `The inbox prefix "${prefix}" is not a subject. Use one word such as _INBOX_journal.`
  throw new DaybookError('unsafe-configuration', message)
}

function seedBytes(seed: string): Uint8Array {
  const bytes = new TextEncoder().encode(seed.trim())
  try {
    nkeys.fromSeed(bytes)
    return bytes
  } catch {
    // The cause is left out: it may quote the seed.
    throw new DaybookError(
      'unsafe-configuration',
      'The nkey seed is not valid. It starts with SU and has 58 letters.',
    )
  }
}
