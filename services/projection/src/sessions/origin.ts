import { DaybookError } from '@daybook/errors'
import type { StreamReader } from '@daybook/eventing'
import { type JournalEvent, type JsonValue, linkedRunIdOf, upcastEvent } from '@daybook/events'

/** What a session was started with; absent members were erased, or were never there. */
export interface Origin {
  readonly principal?: string
  readonly channel?: string
}

/** Events in one page; a session has one for each run that is linked, and few others. */
const PAGE = { limit: 1_000, bytesMax: 8 * 1024 * 1024 }

/** What a session was started with. Code: `not-found`. */
export async function readOrigin(read: StreamReader, tenant: string, sessionId: string): Promise<Origin> {
  const first = await firstEvent(read, tenant, `session/${sessionId}`)
  if (first?.type !== 'SESSION_STARTED') throw noSuchSession(sessionId)
  return {
    ...textMember(first.data['principal'], 'principal'),
    ...textMember(first.data['channel'], 'channel'),
  }
}

/** Refuses a run that is none of the session's: neither created with its id nor linked. Code: `invalid-transition`. */
export async function requireRunOf(
  read: StreamReader,
  tenant: string,
  { sessionId, runId }: { sessionId: string; runId: string },
): Promise<void> {
  const created = await firstEvent(read, tenant, `run/${runId}`)
  if (created === undefined)
    throw new DaybookError('not-found', `There is no run ${runId}. GET /v1/runs lists the runs.`)
  if (sessionOf(created) === sessionId) return
  if (await isLinked(read, tenant, { sessionId, runId })) return
  const message = `The run ${runId} is none of session ${sessionId}. Link it first: POST /v1/sessions/${sessionId}/link.`
  throw new DaybookError('invalid-transition', message, { details: { sessionId, runId } })
}

/** Code: `not-found`. */
export function noSuchSession(sessionId: string): DaybookError {
  return new DaybookError(
    'not-found',
    `There is no session ${sessionId}. GET /v1/sessions lists the sessions.`,
  )
}

async function firstEvent(
  read: StreamReader,
  tenant: string,
  stream: string,
): Promise<JournalEvent | undefined> {
  const { events } = await read({ tenant, stream, after: 0, ...PAGE, limit: 1 })
  return events.map(upcastEvent)[0]
}

/** As `evolveRun` reads it. */
function sessionOf({ data }: JournalEvent): JsonValue | undefined {
  const { sessionId, nested } = data
  if (typeof sessionId === 'string') return sessionId
  return typeof nested === 'object' && nested !== null && !Array.isArray(nested)
    ? nested['sessionId']
    : undefined
}

async function isLinked(
  read: StreamReader,
  tenant: string,
  { sessionId, runId }: { sessionId: string; runId: string },
): Promise<boolean> {
  const query = { tenant, stream: `session/${sessionId}`, types: ['SESSION_RUN_LINKED'], ...PAGE }
  for (let after = 0; ; ) {
    const { events, more } = await read({ ...query, after })
    if (events.some((event) => linkedRunIdOf(upcastEvent(event)) === runId)) return true
    after = events.at(-1)?.seq ?? after
    if (!more) return false
  }
}

function textMember<Name extends string>(value: JsonValue | undefined, name: Name): { [K in Name]?: string } {
  const found: { [K in Name]?: string } = {}
  if (typeof value === 'string') found[name] = value
  return found
}
