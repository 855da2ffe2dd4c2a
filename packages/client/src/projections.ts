import type { JsonValue } from '@daybook/errors'
import type { Actor } from '@daybook/events'
import { hasTexts, isRecord, one } from './answers.ts'
import type { Decision } from './dead-letters.ts'
import type { Http } from './http.ts'

/** One set of a read model's tables. Instants are ISO 8601, null before they came. */
export interface ProjectionGeneration {
  readonly generation: number
  readonly version: number
  readonly state: 'building' | 'running' | 'replaced' | 'cancelled'
  readonly reason: string
  readonly actor: Actor
  readonly requestedAt: string
  readonly switchedAt: string | null
  readonly endedAt: string | null
  readonly droppedAt: string | null
}

/** What is being built beside the running read model, and how far it is. */
export interface ProjectionRebuild {
  readonly generation: number
  readonly version: number
  readonly reason: string
  readonly requestedAt: string
  /** Null: not begun yet. */
  readonly phase: 'loading' | 'indexing' | 'switching' | null
  readonly position: number
  readonly head: number
  readonly eventsPerSecond: number | null
  readonly etaSeconds: number | null
  /** Why it does not get on; it is tried again. */
  readonly failure: string | null
}

/** A read model of the journal. */
export interface ProjectionState {
  readonly name: string
  readonly version: number
  readonly kinds: readonly string[]
  readonly position: number
  readonly head: number
  readonly lag: number
  readonly parkedStreams: number
  readonly failure: string | null
  readonly rebuild: ProjectionRebuild | null
  /** Newest first. */
  readonly generations: readonly ProjectionGeneration[]
}

/** Where a read model is not what a fresh fold of the journal is. */
export interface ProjectionDifference {
  /** The ids by which the row is found, such as `runId` and `effectId`. */
  readonly where: Readonly<Record<string, string>>
  /** JSON Pointer into the row; empty: the row itself. */
  readonly path: string
  /** Null: nothing. */
  readonly expected: JsonValue
  readonly stored: JsonValue
}

/** What was compared so far, and the first difference if there is one. */
export interface ProjectionVerification {
  /** How many of what, such as `runs` and `effects`, and of how many `events`. */
  readonly counts: Readonly<Record<string, number>>
  readonly ok: boolean
  readonly difference: ProjectionDifference | null
}

/** The read models of all services that answered. */
export interface ProjectionList {
  readonly projections: readonly ProjectionState[]
  /** The services that gave no answer; the read models that they have are not in the list. */
  readonly missing: readonly string[]
}

/** The read models, and what can be done about them. */
export interface Projections {
  list(): Promise<ProjectionList>
  /** Builds it anew beside the running one; returns at once. Throws `not-found`. */
  rebuild(name: string, decision: Decision): Promise<ProjectionState>
  /** Gives up the rebuild under way. Throws `not-found` when there is none. */
  cancelRebuild(name: string): Promise<ProjectionState>
  /** Compares it with a fresh fold of the journal; tells how far it is every few seconds, the last one is the result. */
  verify(name: string, signal?: AbortSignal): AsyncIterable<ProjectionVerification>
}

/** The server works for 3 seconds, twice if it finds something; a busy machine needs longer. */
const VERIFY_TIMEOUT_MS = 60_000
const PATH = '/v1/projections'

export function openProjections(http: Http): Projections {
  return {
    async list() {
      const { projections, missing = [] } = one(await http.readJson({ path: PATH }), isProjectionList)
      return { projections, missing }
    },
    rebuild: async (name, decision) => {
      const headers = { 'content-type': 'application/json' }
      const request = { method: 'POST', path: pathOf(name, 'rebuild'), headers } as const
      return one(await http.readJson({ ...request, body: JSON.stringify(decision) }), isProjection)
    },
    cancelRebuild: async (name) =>
      one(await http.readJson({ method: 'DELETE', path: pathOf(name, 'rebuild') }), isProjection),
    verify: (name, signal) => verify(http, pathOf(name, 'verify'), signal),
  }
}

async function* verify(
  http: Http,
  path: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<ProjectionVerification> {
  const total: Record<string, number> = {}
  for (let cursor: string | undefined; ; ) {
    const request = { method: 'POST', path, query: { cursor }, timeoutMs: VERIFY_TIMEOUT_MS } as const
    const { next, ok, difference, ...counted } = one(await http.readJson(request), isVerification)
    for (const [name, count] of Object.entries(counted)) {
      if (typeof count === 'number') total[name] = (total[name] ?? 0) + count
    }
    yield { ok, difference: difference && placed(difference), counts: { ...total } }
    if (next === null || signal?.aborted === true) return
    cursor = next
  }
}

function pathOf(name: string, action: string): string {
  return `${PATH}/${encodeURIComponent(name)}/${action}`
}

function isProjection(value: unknown): value is ProjectionState {
  return isRecord(value) && Array.isArray(value['generations']) && hasTexts(value, 'name')
}

function isProjectionList(value: unknown): value is { projections: ProjectionState[]; missing?: string[] } {
  return isRecord(value) && Array.isArray(value['projections']) && value['projections'].every(isProjection)
}

/** As it is answered: counts beside the rest, and ids beside the rest of a difference. */
interface AnsweredPart {
  readonly ok: boolean
  readonly difference: AnsweredDifference | null
  readonly next: string | null
}
type AnsweredDifference = Omit<ProjectionDifference, 'where'>

function isVerification(value: unknown): value is AnsweredPart & Record<string, unknown> {
  return isRecord(value) && typeof value['ok'] === 'boolean' && typeof value['events'] === 'number'
}

function placed({ path, expected, stored, ...ids }: AnsweredDifference): ProjectionDifference {
  const where = Object.entries(ids).map(([name, id]) => [name, String(id)])
  return { where: Object.fromEntries(where), path, expected, stored }
}
