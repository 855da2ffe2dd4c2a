import { journalReader, type PayloadArchive } from '@daybook/eventing'
import { erasureOf, type JournalEvent, withoutPayload } from '@daybook/events'
import type { QueryExecutorProvider } from 'kysely'
import { readEventsBySeq } from '../store/events-by-seq.ts'
import { findExtent, type StreamExtent } from '../store/moments.ts'
import { findOpenErasures } from '../store/open-erasures.ts'
import { listStretches, type SegmentsKey } from '../store/state-segments.ts'
import { type Stretch, unbroken } from './segment.ts'

/** The events of one stream as one snapshot of the database has them, and the segments that can be relied on. */
export interface History {
  readonly trx: QueryExecutorProvider
  readonly key: SegmentsKey
  readonly extent: StreamExtent
  /** Segments from the first event on, without a gap. */
  readonly segments: readonly Stretch[]
  /** Payloads that are still there and must not be seen any more: by seq the erasure that takes them. */
  readonly erased: ReadonlyMap<number, string>
  readonly archive: PayloadArchive
}

/** Events that are read at once: 1,000 are some 30 ms of work, in which an embedded database does nothing else. */
const PAGE_EVENTS = 1_000
const PAGE_BYTES_MAX = 8 * 1024 * 1024

/**
 * Looks a stream up; undefined if it has no events. To be called where a projection reads, in its snapshot. Payloads that
 * are about to be erased count as erased, and so do segments that hold them as if they were not there.
 */
export async function openHistory(
  trx: QueryExecutorProvider,
  key: SegmentsKey,
  archive: PayloadArchive,
): Promise<History | undefined> {
  const extent = await findExtent(trx, key)
  if (extent === undefined) return undefined
  const erased = await erasedIn(trx, key)
  const firstErased = Math.min(...erased.keys())
  const stored = await listStretches(trx, key, Math.min(extent.lastSeq, firstErased - 1))
  return { trx, key, extent, segments: unbroken(stored), erased, archive }
}

/** What is recorded as erased, and has not gone yet from the table or from the segments. */
async function erasedIn(
  trx: QueryExecutorProvider,
  { tenant, stream }: SegmentsKey,
): Promise<Map<number, string>> {
  const erased = new Map<number, string>()
  for (const record of await findOpenErasures(trx, tenant)) {
    const erasure = erasureOf(record)
    for (const event of erasure?.events ?? []) {
      if (event.stream === stream && erasure !== undefined) erased.set(event.seq, erasure.erasureId)
    }
  }
  return erased
}

/** The events after one seq and up to another, both as pages, oldest first. Code: `archive-unavailable`. */
export async function* eventsBetween(
  history: History,
  { after, upTo }: { after: number; upTo: number },
): AsyncGenerator<JournalEvent[]> {
  for (let last = after; last < upTo; ) {
    const { events } = await readEvents(history, { after: last, limit: Math.min(PAGE_EVENTS, upTo - last) })
    const end = events.at(-1)
    if (end === undefined) return
    yield events
    last = end.seq
  }
}

/** The next events after a seq. Code: `archive-unavailable`. */
export async function readEvents(
  { trx, key: { tenant, stream }, archive, erased }: History,
  { after, limit = PAGE_EVENTS }: { after: number; limit?: number },
): Promise<{ events: JournalEvent[]; more: boolean }> {
  const query = { tenant, stream, after, limit, bytesMax: PAGE_BYTES_MAX }
  const { events, more } = await journalReader(trx, archive).readPage(query)
  return { events: events.map((event) => seen(event, erased)), more }
}

/** Single events by their seqs. Code: `archive-unavailable`. */
export async function readSingly(
  history: History,
  seqs: readonly number[],
): Promise<Map<number, JournalEvent>> {
  const { trx, key, extent, archive, erased } = history
  const events = await readEventsBySeq(trx, key, { seqs, extent, archive })
  return new Map([...events].map(([seq, event]) => [seq, seen(event, erased)]))
}

function seen(event: JournalEvent, erased: History['erased']): JournalEvent {
  const erasureId = erased.get(event.seq)
  return erasureId === undefined ? event : withoutPayload(event, erasureId)
}
