import type { Effect, LinkedRun, PatchOperation, RunSummary, SessionSummary } from '@daybook/events'
import { hasTexts, isEffect, isReadRun, isRecord, one, oneOf } from './answers.ts'
import type { Http, HttpRequest } from './http.ts'

/** After the event of a seq (0 is before the first one), or at a day or an instant in UTC, by the journal's clock. */
export type Moment = number | string

/** Which moment that was. */
export interface Standpoint {
  /** The last event that is in the state. */
  readonly seq: number
  /** When the journal recorded it; null for seq 0. */
  readonly recordedAt: string | null
}

/** A run as it was. */
export interface RunState extends Standpoint {
  /** The last event of the run as of now. */
  readonly lastSeq: number
  /** Null before the first event. */
  readonly run: RunSummary | null
  /** By their ids. */
  readonly effects: ReadonlyMap<string, Effect>
}

/** A session as it was. */
export interface SessionState extends Standpoint {
  readonly lastSeq: number
  /** Null before the first event. */
  readonly session: SessionSummary | null
  /** The runs that were linked to it, by their ids. */
  readonly links: ReadonlyMap<string, LinkedRun>
}

/** What changed between two states. */
export interface StateDifference {
  readonly from: Standpoint
  readonly to: Standpoint
  /** A JSON Patch (RFC 6902) of `{run, effects}` or `{session, links}`. */
  readonly patch: readonly PatchOperation[]
}

/** A run now and then. Codes: `not-found`, `invalid-request` (a seq that it has not reached), `archive-unavailable`. */
export interface RunPast {
  /** As of a moment, or now, straight from the journal; with the effects that were pending, unless others are wanted. */
  state(runId: string, at?: Moment, effects?: 'pending' | 'all' | 'none'): Promise<RunState>
  /** What changed from one moment to another, or to now. Either may be the later one. */
  difference(runId: string, from: Moment, to?: Moment): Promise<StateDifference>
}

/** A session now and then. Codes as of `RunPast`. */
export interface SessionPast {
  state(sessionId: string, at?: Moment): Promise<SessionState>
  difference(sessionId: string, from: Moment, to?: Moment): Promise<StateDifference>
}

/** The past of runs. */
export function openRunPast(http: Http, pathOf: (runId: string) => string): RunPast {
  return {
    async state(runId, at, effects) {
      const request = { path: `${pathOf(runId)}/state`, query: { at, effects } }
      const { body, entries } = await readState(http, request, { name: 'effects', isEntry: isEffect })
      const run = body['run'] === null ? null : oneOf(body['run'], isReadRun)
      return { ...standpointOf(body), lastSeq: body.lastSeq, run, effects: entries }
    },
    difference: (runId, from, to) =>
      readDifference(http, { path: `${pathOf(runId)}/diff`, query: { from, to } }),
  }
}

/** The past of sessions. */
export function openSessionPast(http: Http, pathOf: (sessionId: string) => string): SessionPast {
  return {
    async state(sessionId, at) {
      const request = { path: `${pathOf(sessionId)}/state`, query: { at } }
      const { body, entries } = await readState(http, request, { name: 'links', isEntry: isLink })
      const session = body['session'] === null ? null : oneOf(body['session'], isSession)
      return { ...standpointOf(body), lastSeq: body.lastSeq, session, links: entries }
    },
    difference: (sessionId, from, to) =>
      readDifference(http, { path: `${pathOf(sessionId)}/diff`, query: { from, to } }),
  }
}

type StateBody = Standpoint & { readonly lastSeq: number } & Readonly<Record<string, unknown>>

/** All pages; those after the first one of the same moment, however the stream goes on. */
async function readState<Entry>(
  http: Http,
  request: HttpRequest,
  { name, isEntry }: { name: string; isEntry: (value: unknown) => value is Entry },
): Promise<{ body: StateBody; entries: Map<string, Entry> }> {
  const body = one(await http.readJson(request), isStateBody)
  const entries = new Map<string, Entry>()
  for (let page: StateBody = body; ; ) {
    const members = oneOf(page[name], isRecord)
    for (const [id, entry] of Object.entries(members)) entries.set(id, oneOf(entry, isEntry))
    if (typeof page['next'] !== 'string') return { body, entries }
    const query = { ...request.query, at: body.seq, cursor: page['next'] }
    page = one(await http.readJson({ ...request, query }), isStateBody)
  }
}

async function readDifference(http: Http, request: HttpRequest): Promise<StateDifference> {
  const { from, to, patch, next: second } = one(await http.readJson(request), isDifference)
  const operations = [...patch]
  for (let cursor = second; cursor !== null; ) {
    const query = { from: from.seq, to: to.seq, cursor }
    const page = one(await http.readJson({ ...request, query }), isDifference)
    for (const operation of page.patch) operations.push(operation)
    cursor = page.next
  }
  return { from: standpointOf(from), to: standpointOf(to), patch: operations }
}

function standpointOf({ seq, recordedAt }: Standpoint): Standpoint {
  return { seq, recordedAt }
}

function isStandpoint(value: unknown): value is Standpoint {
  if (!isRecord(value) || typeof value['seq'] !== 'number') return false
  return value['recordedAt'] === null || typeof value['recordedAt'] === 'string'
}

function isStateBody(value: unknown): value is StateBody {
  return isRecord(value) && isStandpoint(value) && typeof value['lastSeq'] === 'number'
}

function isDifference(value: unknown): value is StateDifference & { readonly next: string | null } {
  if (!isRecord(value) || !isStandpoint(value['from']) || !isStandpoint(value['to'])) return false
  const { next, patch } = value
  return (next === null || typeof next === 'string') && Array.isArray(patch) && patch.every(isOperation)
}

function isOperation(value: unknown): value is PatchOperation {
  return hasTexts(value, 'op', 'path')
}

function isLink(value: unknown): value is LinkedRun {
  return hasTexts(value, 'runId', 'linkedAt')
}

function isSession(value: unknown): value is SessionSummary {
  return hasTexts(value, 'sessionId', 'status', 'branchState')
}
