import { type Bus, connectBus } from '@daybook/bus'
import { migrate, openDatabase } from '@daybook/database'
import { journalAppender, journalReader } from '@daybook/eventing'
import type { Actor, JournalEvent } from '@daybook/events'
import { assertedCallers, createLogger, createMetrics } from '@daybook/runtime'
import { type NatsServer, startNats, trustingCallers, waitFor } from '@daybook/testing'
import { createMigratedDatabase } from '../../../packages/database/test/migrated-database.ts'
import { ask } from '../../../packages/eventing/test/ask.ts'
import { journalMigrations } from '../../journal/src/migrations.ts'
import { openJournalService } from '../../journal/test/service-fixture.ts'
import { type InboundParts, type InboundService, inboundMigrations, openInbound } from '../src/service.ts'

export const CALLER_KEY = 'a key for tests that is as long as it has to be'

/** One message of a telegram chat, unless told. */
export const incoming = (messageId: string, more: object = {}) => ({
  source: 'telegram',
  account: 'support',
  conversation: '42',
  messageId,
  payload: { text: messageId },
  ...more,
})

/** An instance of the service, with what a test does at it. */
export interface Instance extends AsyncDisposable {
  readonly service: InboundService
  /** Answers the body; refusals too. */
  post(path: string, body: object, headers?: Record<string, string>): Promise<any>
  receive(messageId: string, more?: object): Promise<any>
  claim(body?: object, wait?: string): Promise<any[]>
  claimReplies(body?: object, wait?: string): Promise<any[]>
  /** `complete`, `fail` … of what was claimed. */
  tell(held: { key: string; token: number; reply?: number }, command: string, body?: object): Promise<any>
  get(key: string): Promise<any>
}

/** A journal, NATS, and instances of the inbound service on one database. */
export interface World extends AsyncDisposable {
  readonly nats: NatsServer
  readonly bus: Bus
  readonly journalUrl: string
  open(options?: Partial<InboundParts>): Promise<Instance>
  events(conversation?: string): Promise<JournalEvent[]>
  eventsOf(stream: string): Promise<JournalEvent[]>
  /** Of all conversations. */
  allEvents(): Promise<JournalEvent[]>
}

const silent = createLogger({ service: 'test', level: 'silent' })

/** Small settings, so that no test waits for a time-out of real size. */
const SOURCES = {
  telegram: {
    leaseMs: 60_000,
    replyLeaseMs: 60_000,
    maxAttempts: 3,
    minDeadAgeMs: 0,
    retryBaseMs: 40,
    retryMaxMs: 80,
  },
  patient: { minDeadAgeMs: 600_000, maxAttempts: 1, retryBaseMs: 0 },
  resending: { onAmbiguous: 'resend', retryBaseMs: 0, maxAttempts: 3 },
  small: { maxEntries: 3 },
  evicting: { maxEntries: 3, overflow: 'evict-oldest-pending' },
  stale: { maxAgeMs: 60_000, staleness: 'drop-with-record' },
} as const

const sources = JSON.stringify({
  sources: Object.fromEntries(Object.entries(SOURCES).map(([name, limits]) => [name, { limits }])),
})

export async function openWorld(): Promise<World> {
  await using stack = new AsyncDisposableStack()
  const nats = stack.use(await startNats())
  const { url = '' } = stack.use(await createMigratedDatabase(journalMigrations, inboundMigrations))
  const database = stack.use(openDatabase<any>({ url, applicationName: 'test', poolMax: 6 }))
  for (const source of [journalMigrations, inboundMigrations]) await migrate(database, source)
  const journal = stack.use(
    await openJournalService(database, nats.url, { callers: assertedCallers(CALLER_KEY) }),
  )
  const bus = stack.use(await connectBus({ servers: nats.url, name: 'worker', wait: true }))
  const journalUrl = journal.service.http.url
  const open = async (options: Partial<InboundParts> = {}): Promise<Instance> =>
    openInstance({ url, natsUrl: nats.url, journalUrl }, options)
  const allEvents = () => journalReader(database.kysely).page({ kinds: ['inbound'], limit: 100_000 })
  const opened = stack.move()
  return {
    nats,
    bus,
    journalUrl,
    open,
    events: async (conversation = '42') =>
      (await allEvents()).filter(({ stream }) => stream.endsWith(`:${conversation}`)),
    allEvents,
    eventsOf: (stream) => journalReader(database.kysely).page({ tenant: 'main', stream, limit: 1_000 }),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

function listed(answer: any, name: string): any[] {
  if (answer[name] === undefined) throw new Error(JSON.stringify(answer))
  return answer[name]
}

async function openInstance(
  { url, natsUrl, journalUrl }: { url: string; natsUrl: string; journalUrl: string },
  options: Partial<InboundParts>,
): Promise<Instance> {
  await using stack = new AsyncDisposableStack()
  const database = stack.use(openDatabase<unknown>({ url, applicationName: 'test-inbound', poolMax: 6 }))
  const bus = stack.use(await connectBus({ servers: natsUrl, name: 'inbound', wait: true }))
  const service = stack.use(
    await openInbound({
      database,
      bus,
      logger: silent,
      metrics: createMetrics({ service: 'inbound', processMetrics: false }),
      http: { host: '127.0.0.1', port: 0 },
      callers: trustingCallers,
      append: journalAppender({ url: journalUrl, callerKey: CALLER_KEY, service: 'inbound', bus }),
      compareMs: 500,
      lagMax: 1_000,
      sources,
      clearEveryMs: 600_000,
      ...options,
    }),
  )
  const post: Instance['post'] = async (path, body, headers = {}) =>
    (await ask({ service }, `/v1/inbound/${path}`, { method: 'POST', body, headers })).body
  const opened = stack.move()
  return {
    service,
    post,
    receive: (messageId, more) => post('messages', incoming(messageId, more)),
    claim: async (body = {}, wait = '0s') =>
      listed(await post(`claim?wait=${wait}`, { worker: 'w', ...body }), 'messages'),
    claimReplies: async (body = {}, wait = '0s') =>
      listed(await post(`replies/claim?wait=${wait}`, { worker: 's', ...body }), 'replies'),
    tell: ({ key, token, reply }, command, body = {}) =>
      post(`messages/${key}/${reply === undefined ? '' : `replies/${reply}/`}${command}`, { token, ...body }),
    get: async (key) => (await ask({ service }, `/v1/inbound/messages/${key}`)).body,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

/** Which events there are, in order, each with how many of it follow one another: `RECEIVED DUPLICATED*99`. */
export function told(events: readonly JournalEvent[]): string {
  const words = events.map(({ type }) => type.replace('INBOUND_', '').replace('OUTBOUND_', 'REPLY_'))
  const runs: { word: string; count: number }[] = []
  for (const word of words) {
    const last = runs.at(-1)
    if (last?.word === word) last.count += 1
    else runs.push({ word, count: 1 })
  }
  return runs.map(({ word, count }) => (count === 1 ? word : `${word}*${count}`)).join(' ')
}

/** Until the read model says so of a message. */
export async function untilState(instance: Instance, key: string, state: string): Promise<any> {
  const isThere = async () => {
    const message = await instance.get(key)
    return message.state === state ? message : undefined
  }
  return waitFor(isThere, { what: `the message is ${state}` })
}

export const agent: Actor = { kind: 'agent', id: 'bot' }
