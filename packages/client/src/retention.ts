import type { Actor } from '@daybook/events'
import { hasTexts, isRecord, one, type Page, toPage } from './answers.ts'
import type { Decision } from './dead-letters.ts'
import type { Http } from './http.ts'
import { everyPage } from './pages.ts'

type StepState = 'pending' | 'done'

/** Where an erasure has been carried out: in the tables, the archive, the blobs, JetStream. */
interface ErasureProgress {
  readonly payloads: StepState
  readonly bundles: StepState
  readonly blobs: StepState
  readonly stream: StepState
}

/** What an erasure has recorded, and how far it is. */
export interface ErasureAnswer {
  /** Null when nothing was left to erase. */
  readonly erasureId: string | null
  readonly position: number | null
  /** Events whose payload goes by this erasure, and those that had lost it before. */
  readonly events: number
  readonly erasedBefore: number
  readonly progress: ErasureProgress
}

/** One record of an erasure; an erasure of many events has several. */
export interface ErasureRecord {
  readonly erasureId: string
  readonly position: number
  readonly recordedAt: string
  readonly reason: string
  readonly actor: Actor
  readonly stream?: string
  readonly events: number
  readonly progress: ErasureProgress
}

/** A stream of which nothing may be erased. */
export interface Hold {
  readonly stream: string
  readonly reason: string
  readonly actor: Actor
  readonly since: string
}

/** A part of a stream whose payloads are in a bundle outside the database. */
export interface ArchivedPart {
  readonly id: string
  readonly stream: string
  readonly firstSeq: number
  readonly lastSeq: number
  readonly location: string
  readonly name: string
  readonly sha256: string | null
  readonly bytes: number | null
  readonly createdAt: string
  /** Null while it is being written. */
  readonly archivedAt: string | null
}

/** What is kept for how long, and what is not kept any more. */
export interface Retention {
  /**
   * Erases the payloads of a stream up to now, or of events; headers and checksums stay. May be repeated.
   * Throws `legal-hold`, `not-found`.
   */
  erase(
    target: { readonly stream: string } | { readonly ids: readonly string[] },
    decision: Decision,
  ): Promise<ErasureAnswer>
  /** Newest first. */
  erasures(): AsyncIterable<ErasureRecord>
  holds(): AsyncIterable<Hold>
  setHold(stream: string, decision: Decision): Promise<Hold>
  /** Throws `not-found`. */
  releaseHold(stream: string, decision: Decision): Promise<Hold>
  /** Newest first. */
  archives(): AsyncIterable<ArchivedPart>
  /** Archives some of the runs that ended long enough ago; `more`: there may be more of them. */
  archive(options?: { readonly olderThanDays?: number }): Promise<{ archived: number; more: boolean }>
}

const headers = { 'content-type': 'application/json' }
/** A round writes up to 20 bundles. */
const ARCHIVE_TIMEOUT_MS = 120_000

export function openRetention(http: Http): Retention {
  const pages = <Item>(path: string, name: string, isItem: (value: unknown) => value is Item) =>
    everyPage(
      async (before: string | undefined): Promise<Page<Item>> =>
        toPage(await http.readJson({ path, query: { before } }), name, isItem),
    )
  return {
    erase: async (target, decision) => {
      const body = JSON.stringify({ ...target, ...decision })
      return one(
        await http.readJson({ method: 'POST', path: '/v1/erasures', body, headers }),
        isErasureAnswer,
      )
    },
    erasures: () => pages('/v1/erasures', 'erasures', isErasureRecord),
    holds: () => pages('/v1/holds', 'holds', isHold),
    setHold: async (stream, decision) => {
      const body = JSON.stringify(decision)
      return one(await http.readJson({ method: 'PUT', path: holdPath(stream), body, headers }), isHold)
    },
    releaseHold: async (stream, { reason }) => {
      return one(await http.readJson({ method: 'DELETE', path: holdPath(stream), query: { reason } }), isHold)
    },
    archives: () => pages('/v1/archives', 'archives', isArchivedPart),
    archive: async (options = {}) => {
      const request = {
        method: 'POST',
        path: '/v1/archives',
        headers,
        timeoutMs: ARCHIVE_TIMEOUT_MS,
      } as const
      return one(await http.readJson({ ...request, body: JSON.stringify(options) }), isRound)
    },
  }
}

function holdPath(stream: string): string {
  const slash = stream.indexOf('/')
  const [kind, id] = [stream.slice(0, slash), stream.slice(slash + 1)]
  return `/v1/holds/${encodeURIComponent(kind)}/${encodeURIComponent(id)}`
}

function isErasureAnswer(value: unknown): value is ErasureAnswer {
  return isRecord(value) && typeof value['events'] === 'number' && isRecord(value['progress'])
}

function isErasureRecord(value: unknown): value is ErasureRecord {
  return hasTexts(value, 'erasureId', 'reason', 'recordedAt') && isErasureAnswer(value)
}

function isHold(value: unknown): value is Hold {
  return hasTexts(value, 'stream', 'reason', 'since')
}

function isArchivedPart(value: unknown): value is ArchivedPart {
  return hasTexts(value, 'id', 'stream', 'name')
}

function isRound(value: unknown): value is { archived: number; more: boolean } {
  return isRecord(value) && typeof value['archived'] === 'number' && typeof value['more'] === 'boolean'
}
