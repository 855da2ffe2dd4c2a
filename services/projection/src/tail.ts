import { setTimeout as delay } from 'node:timers/promises'
import type { Database } from '@daybook/database'
import {
  type HeadWatcher,
  type JournalPage,
  journalReader,
  journalRestored,
  type PayloadArchive,
} from '@daybook/eventing'
import type { JournalEvent } from '@daybook/events'
import type { SseFrame } from '@daybook/runtime'
import { findSeqAt } from './store/events.ts'

/** Which events a live tail shows, and after which position it begins. */
export type TailQuery = TailFilter & { era: number } & ({ afterPosition: number } | { afterSeq: number })

interface TailFilter {
  tenant: string
  /** One stream; only then may the tail begin after a seq. */
  stream?: string
  kinds?: readonly string[]
  types?: readonly string[]
}

export interface TailParts<DB> {
  database: Database<DB>
  head: HeadWatcher
  archive: PayloadArchive
}

/** What one tail may hold in memory. A reader that is slow gets its next page when it has taken this one. */
const PAGE_EVENTS_MAX = 200
const PAGE_BYTES_MAX = 512 * 1024
/** On a busy journal a tail reads this often, more at a time, instead of once for every commit. Nobody sees 25 ms. */
const SPACING_MS = 25
const IN_ORDER = { isInOrder: true }

/**
 * The events of a live tail, oldest first, for ever, in pages.
 *
 * 1. They are read from the journal's table: nothing is lost or doubled whatever happens to the bus, and a tail that
 *    comes back with the id of its last event goes on exactly there.
 * 2. The next page is read only when the last one was taken, so a slow reader costs no memory.
 * 3. A journal that was restored is another one: the tail ends (`journal-restored`), whatever position it is at.
 * 4. An empty page means that there was nothing up to the head known before the read, and only then is it passed.
 */
export async function* tailEvents<DB>(
  { database, head, archive }: TailParts<DB>,
  query: TailQuery,
  signal: AbortSignal,
): AsyncGenerator<SseFrame[]> {
  const place = await startOf(database, query)
  while (!signal.aborted) {
    const reached = await beyond(head, place.position, signal)
    if (reached === undefined) return
    if (head.era !== query.era) throw journalRestored() // 3
    const readAt = performance.now()
    for (let more = true; more && !signal.aborted; ) {
      const page: JournalPage = await readPage({ database, archive }, query, place)
      const last = page.events.at(-1)
      if (last !== undefined) {
        place.pass(last)
        yield page.events.map(frameOf)
      }
      more = page.more
    }
    place.position = Math.max(place.position, reached) // 4
    await delay(Math.max(0, readAt + SPACING_MS - performance.now()))
  }
}

function frameOf(event: JournalEvent): SseFrame {
  return { id: String(event.position), event: event.type, data: JSON.stringify(event) }
}

/** Up to where a tail has read: in positions, and within one stream in its seq, by which the table is ordered. */
class Place {
  position: number
  seq: number | undefined

  constructor(position: number, seq: number | undefined) {
    this.position = position
    this.seq = seq
  }

  pass(event: JournalEvent): void {
    this.position = event.position
    if (this.seq !== undefined) this.seq = event.seq
  }
}

async function startOf<DB>(database: Database<DB>, query: TailQuery): Promise<Place> {
  // Position 0 is before every head: the table is looked at once before the journal has to grow.
  if ('afterSeq' in query) return new Place(0, query.afterSeq)
  const { tenant, stream, afterPosition: position } = query
  if (stream === undefined) return new Place(position, undefined)
  const seq = await database.asTenant(tenant, (trx) => findSeqAt(trx, { tenant, stream, position }))
  return new Place(position, seq)
}

function readPage<DB>(
  { database, archive }: Pick<TailParts<DB>, 'database' | 'archive'>,
  query: TailQuery,
  place: Place,
): Promise<JournalPage> {
  const { tenant, stream, kinds, types } = query
  const filter = { tenant, ...(stream && { stream }), ...(kinds && { kinds }), ...(types && { types }) }
  const bounds = { after: place.seq ?? place.position, limit: PAGE_EVENTS_MAX, bytesMax: PAGE_BYTES_MAX }
  return database.asTenant(
    tenant,
    (trx) => journalReader(trx, archive).readPage({ ...filter, ...bounds }),
    IN_ORDER,
  )
}

async function beyond(head: HeadWatcher, position: number, signal: AbortSignal): Promise<number | undefined> {
  try {
    return await head.waitBeyond(position, signal)
  } catch (error) {
    if (signal.aborted) return undefined
    throw error
  }
}
