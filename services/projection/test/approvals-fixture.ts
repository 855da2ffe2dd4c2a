import { randomBytes } from 'node:crypto'
import { type Bus, connectBus } from '@daybook/bus'
import { migrate } from '@daybook/database'
import { journalAppender } from '@daybook/eventing'
import type { Approval, Draft, JournalEvent, JsonObject } from '@daybook/events'
import {
  assertCaller,
  assertedCallers,
  CALLER_HEADER,
  createLogger,
  createMetrics,
  type Scope,
} from '@daybook/runtime'
import {
  createJournalDatabase,
  type JournalFixture,
  nextId,
  openJournalService,
} from '../../journal/test/service-fixture.ts'
import { openProjection, type ProjectionService, projectionMigrations } from '../src/service.ts'

/** Nothing listens there: the bus is down. */
const NO_NATS = 'nats://127.0.0.1:1'
const callerKey = randomBytes(32).toString('hex')

/** Whatever an answer may hold. */
interface Body {
  approvals: Approval[]
  next: string | null
  code: string
  detail: string
  details: { approval: Approval; runIds: string[] }
  status: string
  decision: string
}

interface Answer {
  status: number
  headers: Headers
  text: string
  body: Body
}

interface Asking {
  /** Of a user; `ann` unless told. */
  person?: string
  scopes?: readonly Scope[]
  tenant?: string
  headers?: Record<string, string>
  body?: unknown
  /** The number of the instance, from 0 on. */
  at?: number
  signal?: AbortSignal
}

/** A journal and two projection services, as they run behind a gateway. */
export interface ApprovalsFixture extends AsyncDisposable {
  readonly services: readonly ProjectionService[]
  /** As the gateway asks for a person. */
  fetch(path: string, asking?: Asking): Promise<Response>
  ask(path: string, asking?: Asking): Promise<Answer>
  decide(effectId: string, body: object, asking?: Asking): Promise<Answer>
  /** Appends, and waits until both services have read it. */
  append(...drafts: readonly Draft[]): Promise<void>
  /** The same without waiting: the read models do not know of it until somebody asks them to look. */
  appendUnread(...drafts: readonly Draft[]): Promise<number>
  /** Erases the payloads of events of one run, and waits until both services know. */
  erase(...ids: string[]): Promise<void>
  /** The events of a stream. */
  tape(stream: string): Promise<JournalEvent[]>
}

export async function openApprovals({ natsUrl = NO_NATS } = {}): Promise<ApprovalsFixture> {
  await using stack = new AsyncDisposableStack()
  const database = stack.use(await createJournalDatabase())
  await migrate(database.connect<unknown>(), projectionMigrations)
  const callers = assertedCallers(callerKey)
  const journal = stack.use(await openJournalService(database.connect(), natsUrl, { callers }))
  const services = [
    await openOne(stack, database, journal, natsUrl),
    await openOne(stack, database, journal, natsUrl),
  ]
  const opened = stack.move()
  const ask = async (path: string, asking: Asking = {}) => answerOf(await fetchAt(services, path, asking))
  const append = async (...drafts: readonly Draft[]): Promise<number> => {
    const { receipts } = await postTo(journal, '/v1/events', 'append', { events: drafts })
    return receipts.at(-1).position
  }
  return {
    services,
    fetch: (path, asking = {}) => fetchAt(services, path, asking),
    ask,
    decide: (effectId, body, asking = {}) =>
      ask(`/v1/approvals/${encodeURIComponent(effectId)}`, { scopes: ['approve'], ...asking, body }),
    append: async (...drafts) => untilRead(services, await append(...drafts)),
    appendUnread: append,
    erase: async (...ids) => {
      const { position } = await postTo(journal, '/v1/erasures', 'admin', { ids, reason: 'asked for' })
      await untilRead(services, position)
    },
    tape: async (stream) => {
      const [kind, id = ''] = stream.split(/\/(.*)/)
      const { text } = await ask(`/v1/streams/${kind}/${encodeURIComponent(id)}/events`)
      return JSON.parse(text).events
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

async function openOne(
  stack: AsyncDisposableStack,
  database: Awaited<ReturnType<typeof createJournalDatabase>>,
  journal: JournalFixture,
  natsUrl: string,
): Promise<ProjectionService> {
  const bus: Bus = stack.use(await connectBus({ servers: natsUrl, name: 'test', wait: natsUrl !== NO_NATS }))
  return stack.use(
    await openProjection({
      database: database.connect<unknown>(),
      bus,
      logger: createLogger({ service: 'test', level: 'silent' }),
      metrics: createMetrics({ service: 'projection', processMetrics: false }),
      http: { host: '127.0.0.1', port: 0 },
      callers: assertedCallers(callerKey),
      append: journalAppender({ url: journal.service.http.url, callerKey, service: 'projection' }),
      compareMs: 600_000,
      lagMax: 1_000,
    }),
  )
}

function fetchAt(services: readonly ProjectionService[], path: string, asking: Asking): Promise<Response> {
  const { person = 'ann', scopes = ['read'], tenant = 'main', body, headers, at = 0, signal } = asking
  const caller = assertCaller(callerKey, { tenant, actor: { kind: 'user', id: person }, scopes })
  return fetch(`${services[at]?.http.url}${path}`, {
    headers: {
      [CALLER_HEADER]: caller,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
    ...(signal !== undefined && { signal }),
  })
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text()
  const isJson = /\/(problem\+)?json/.test(response.headers.get('content-type') ?? '')
  return { status: response.status, headers: response.headers, text, body: JSON.parse(isJson ? text : '{}') }
}

async function untilRead(services: readonly ProjectionService[], position: number): Promise<void> {
  for (const { runs } of services) await runs.waitFor(position, 10_000)
}

/** As the gateway passes on what a bot, or an operator, sends to the journal. */
async function postTo({ service }: JournalFixture, path: string, scope: Scope, body: object) {
  const caller = assertCaller(callerKey, {
    tenant: 'main',
    actor: { kind: 'agent', id: 'bot' },
    scopes: [scope],
  })
  const response = await fetch(`${service.http.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', [CALLER_HEADER]: caller },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(text)
  return JSON.parse(text)
}

let made = 0

/** Each a second after the one before. */
function draft(runId: string, type: string, data: JsonObject): Draft {
  made += 1
  const occurredAt = new Date(Date.parse('2026-11-21T08:00:00.000Z') + made * 1_000).toISOString()
  return { id: nextId(), stream: `run/${runId}`, type, v: 1, data, occurredAt }
}

export function created(runId: string): Draft {
  const entrypoint = { importPath: './p.js', exportName: 'process' }
  return draft(runId, 'RUN_CREATED', { runId, processId: 'demo/release', entrypoint })
}

export function asked(runId: string, effectId: string, more: JsonObject = {}): Draft {
  const common = { effectId, invocationKey: `k:${effectId}`, stepId: 'S1', taskId: '__sdk.breakpoint' }
  const inputs = { payload: { question: `Ship ${effectId}?` } }
  return draft(runId, 'EFFECT_REQUESTED', { ...common, kind: 'breakpoint', label: 'Ship', inputs, ...more })
}

export function answered(runId: string, effectId: string, result: JsonObject): Draft {
  return draft(runId, 'EFFECT_RESOLVED', { effectId, status: 'ok', result })
}

export function effectCancelled(runId: string, effectId: string): Draft {
  return draft(runId, 'EFFECT_CANCELLED', { effectId })
}

export function completed(runId: string): Draft {
  return draft(runId, 'RUN_COMPLETED', { output: null })
}
