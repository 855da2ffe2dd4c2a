import type { Database } from '@daybook/database'
import { DaybookError } from '@daybook/errors'
import {
  createUlids,
  type Draft,
  ERASURE_NOTICES,
  HOLDS_STREAM,
  isErasureNotice,
  isRecordKind,
  parseStream,
} from '@daybook/events'
import type { Batcher } from '../batcher.ts'
import { appendOwn, decideAnew } from '../own-appends.ts'
import { type ErasableEvent, findErasable, findLastSeq, pageOfErasable } from '../store/erasures.ts'
import type { JournalTables } from '../store/tables.ts'
import type { Holds, Statement } from './holds.ts'

/** What is to be erased: all of a stream up to now, or single events. */
export type ErasureTarget = { stream: string } | { ids: readonly string[] }

/** What has been recorded; it is carried out afterwards. */
export interface RecordedErasure {
  /** Null when there was nothing left to erase. */
  erasureId: string | null
  /** Position of the last record. */
  position: number | null
  /** Events whose payload goes by this erasure, and those of the target that had lost it before. */
  events: number
  erasedBefore: number
}

export interface EraseParts {
  database: Database<JournalTables>
  batcher: Batcher
  holds: Holds
}

/** Events in one record: 225 bytes each with names of ordinary length, 450 with the longest; an event holds 256 KiB. */
const RECORD_EVENTS = 500
/** Records in one request: 10,000 events, some 2 MiB. */
const RECORDS_AT_ONCE = 20

/**
 * Records what is to be erased. Nothing has gone when this returns, and whatever happens next, it will go.
 *
 * 1. The record comes first: an event without its payload and without a record of its erasure is a fault, and is never
 *    there, not even for a moment.
 * 2. The record is appended on the condition that no hold has been set since the holds were looked at.
 * 3. In each run and each session it is told what is erased of it, together with the record and before it: whoever
 *    follows it learns of it there, in its place.
 * 4. A stream of more events than fit into one request is recorded in several. An erasure that breaks off between them
 *    has erased the beginning of the stream; asking again erases the rest.
 *
 * Codes: `not-found`, `legal-hold`, `invalid-request` (what tells of erasures, holds and archives stays).
 */
export function createErase({ database, batcher, holds }: EraseParts) {
  const nextId = createUlids()

  const record = (tenant: string, erasure: Group): Promise<number> =>
    decideAnew(async () => {
      const { seq, byStream } = await holds.of(tenant)
      requireFree(erasure.events, byStream)
      const events = [...noticesOf(erasure, nextId), ...recordsOf(erasure, nextId)]
      const receipts = await appendOwn(batcher, tenant, { events, expect: { [HOLDS_STREAM]: seq } }) // 2
      return receipts.at(-1)?.position ?? 0
    })

  return async (tenant: string, target: ErasureTarget, statement: Statement): Promise<RecordedErasure> => {
    const erasureId = nextId()
    const done: RecordedErasure = { erasureId: null, position: null, events: 0, erasedBefore: 0 }
    for await (const found of groupsOf(database, tenant, target)) {
      // What tells of an erasure in a stream has nothing of the stream in it.
      const told = found.filter(({ type }) => !isErasureNotice(type))
      const events = told.filter(({ isErased }) => !isErased)
      done.erasedBefore += told.length - events.length
      if (events.length === 0) continue
      const stream = 'stream' in target ? { stream: target.stream } : {}
      done.position = await record(tenant, { erasureId, events, ...stream, ...statement })
      done.erasureId = erasureId
      done.events += events.length
    }
    return done
  }
}

interface Group extends Statement {
  erasureId: string
  stream?: string
  events: readonly ErasableEvent[]
}

/** 3 */
function noticesOf({ erasureId, events, actor }: Group, nextId: () => string): Draft[] {
  const byStream = Map.groupBy(events, ({ stream }) => stream)
  return [...byStream].flatMap(([stream, named]) => {
    const type = ERASURE_NOTICES.get(parseStream(stream).kind)
    if (type === undefined) return []
    const data = { erasureId, ranges: rangesOf(named.map(({ seq }) => seq)) }
    return { id: nextId(), stream, type, v: 1, data, actor }
  })
}

/** Numbers in growing order as ranges, both ends included. */
function rangesOf(numbers: readonly number[]): { first: number; last: number }[] {
  const ranges: { first: number; last: number }[] = []
  for (const number of numbers) {
    const range = ranges.at(-1)
    if (range !== undefined && range.last + 1 === number) range.last = number
    else ranges.push({ first: number, last: number })
  }
  return ranges
}

function recordsOf({ erasureId, events, stream, reason, actor }: Group, nextId: () => string): Draft[] {
  const drafts: Draft[] = []
  for (let start = 0; start < events.length; start += RECORD_EVENTS) {
    const named = events
      .slice(start, start + RECORD_EVENTS)
      .map(({ id, stream: of, seq, position, checksum }) => ({ id, stream: of, seq, position, checksum }))
    const data = { reason, ...(stream !== undefined && { stream }), events: named }
    drafts.push({ id: nextId(), stream: `erasure/${erasureId}`, type: 'PAYLOADS_ERASED', v: 1, data, actor })
  }
  return drafts
}

/** The target's events, as many at a time as one request records. */
async function* groupsOf(
  database: Database<JournalTables>,
  tenant: string,
  target: ErasureTarget,
): AsyncGenerator<ErasableEvent[]> {
  if ('ids' in target) {
    yield await eventsOf(database, tenant, target.ids)
    return
  }
  const { stream } = target
  const last = await findLastSeq(database, tenant, stream)
  if (last === 0) throw new DaybookError('not-found', `The stream ${stream} has no events.`)
  for (let after = 0; after < last; ) {
    const page = await pageOfErasable(
      database,
      { tenant, stream },
      { after, last, limit: RECORD_EVENTS * RECORDS_AT_ONCE },
    )
    const end = page.at(-1)
    if (end === undefined) return
    requireErasable(page)
    yield page
    after = end.seq
  }
}

async function eventsOf(
  database: Database<JournalTables>,
  tenant: string,
  ids: readonly string[],
): Promise<ErasableEvent[]> {
  const found = await findErasable(database, tenant, ids)
  const known = new Set(found.map(({ id }) => id))
  const unknown = ids.filter((id) => !known.has(id))
  if (unknown.length > 0) {
    throw new DaybookError('not-found', `There is no event ${unknown[0]}. Nothing was erased.`, {
      details: { ids: unknown },
    })
  }
  requireErasable(found)
  return found.toSorted((a, b) => a.position - b.position)
}

function requireErasable(events: readonly ErasableEvent[]): void {
  const reserved = events.find(({ kind }) => isRecordKind(kind))
  if (reserved === undefined) return
  const message = `${reserved.stream} tells of erasures, holds or archives; that is never erased.`
  throw new DaybookError('invalid-request', message)
}

function requireFree(events: readonly ErasableEvent[], holds: ReadonlyMap<string, { reason: string }>): void {
  const held = [...new Set(events.map(({ stream }) => stream))].filter((stream) => holds.has(stream))
  const [first] = held
  if (first === undefined) return
  throw new DaybookError(
    'legal-hold',
    `${first} is under a legal hold (${holds.get(first)?.reason}). Release the hold first. Nothing was erased.`,
    { details: { streams: held } },
  )
}
