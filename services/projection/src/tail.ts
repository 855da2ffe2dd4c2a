import { setTimeout as delay } from 'node:timers/promises'
import type { Database } from '@daybook/database'
import {
  type HeadWatcher,
  type JournalPage,
  journalReader,
  journalRestored,
  type PageQuery,
  type PayloadArchive,
} from '@daybook/eventing'
import type { JournalEvent } from '@daybook/events'
import type { SseFrame } from '@daybook/runtime'
import { findSeqAt } from './store/events.ts'

/** Which events a live tail shows, and after which of them it begins. */
export interface TailQuery {
  filter: TailFilter
  era: number
  /** A seq only within one stream. */
  start: { afterPosition: number } | { afterSeq: number }
}

interface TailFilter extends Pick<PageQuery, 'stream' | 'kinds' | 'types' | 'streams' | 'actors'> {
  tenant: string
}

export interface TailParts<DB> {
  database: Database<DB>
  head: HeadWatcher
  archive: PayloadArchive
  /** Default 5,000. */
  behindEveryMs?: number
}

/** What one tail may hold in memory. A reader that is slow gets its next page when it has taken this one. */
const PAGE_EVENTS_MAX = 200
const PAGE_BYTES_MAX = 512 * 1024
/** On a busy journal a tail reads this often, more at a time, instead of once for every commit. Nobody sees 25 ms. */
const SPACING_MS = 25
/** A reader that has not caught up for so long is told so, and again after as long. */
const BEHIND_EVERY_MS = 5_000
/** A page or two is no delay to speak of. */
const BEHIND_EVENTS_MIN = 1_000

/**
 * The events of a live tail, oldest first, for ever, in pages.
 *
 * 1. They are read from the journal's table: nothing is lost or doubled whatever happens to the bus, and a tail that
 *    comes back with the id of its last event goes on exactly there.
 * 2. The next page is read only when the last one was taken, so a slow reader costs no memory. How far it is behind it is
 *    told by frames `behind`, which have no id.
 * 3. A journal that was restored is another one: the tail ends (`journal-restored`), whatever position it is at.
 * 4. An empty page means that there was nothing up to the head known before the read, and only then is it passed.
 */
export async function* tailEvents<DB>(
  parts: TailParts<DB>,
  query: TailQuery,
  signal: AbortSignal,
): AsyncGenerator<SseFrame[]> {
  const { database, head } = parts
  const place = await startOf(database, query)
  while (!signal.aborted) {
    const reached = await beyond(head, place.position, signal)
    if (reached === undefined) return
    if (head.era !== query.era) throw journalRestored() // 3
    const readAt = performance.now()
    yield* pagesFrom(parts, { query, place }, signal)
    place.position = Math.max(place.position, reached) // 4
    await delay(Math.max(0, readAt + SPACING_MS - performance.now()))
  }
}

/** One page after another until there is no more at the moment. */
async function* pagesFrom<DB>(
  parts: TailParts<DB>,
  { query, place }: { query: TailQuery; place: Place },
  signal: AbortSignal,
): AsyncGenerator<SseFrame[]> {
  const { behindEveryMs = BEHIND_EVERY_MS } = parts
  let toldAt = performance.now()
  for (let more = true; more && !signal.aborted; ) {
    const page = await readPage(parts, query, place)
    const last = page.events.at(-1)
    if (last !== undefined) {
      place.pass(last)
      yield page.events.map(frameOf)
    }
    more = page.more
    if (!more || performance.now() < toldAt + behindEveryMs) continue
    toldAt = performance.now()
    const now = await journalReader(parts.database.kysely).head()
    const events = now.position - place.position
    if (events >= BEHIND_EVENTS_MIN) yield [behindFrame({ position: place.position, head: now.position })] // 2
  }
}

function frameOf(event: JournalEvent): SseFrame {
  return { id: String(event.position), event: event.type, data: JSON.stringify(event) }
}

function behindFrame(where: { position: number; head: number }): SseFrame {
  return { event: 'behind', data: JSON.stringify(where) }
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

async function startOf<DB>(database: Database<DB>, { filter, start }: TailQuery): Promise<Place> {
  // Position 0 is before every head: the table is looked at once before the journal has to grow.
  if ('afterSeq' in start) return new Place(0, start.afterSeq)
  const { tenant, stream } = filter
  const { afterPosition: position } = start
  if (stream === undefined) return new Place(position, undefined)
  const seq = await database.asTenant(tenant, (trx) => findSeqAt(trx, { tenant, stream, position }))
  return new Place(position, seq)
}

function readPage<DB>(
  { database, archive }: TailParts<DB>,
  { filter }: TailQuery,
  place: Place,
): Promise<JournalPage> {
  const bounds = { after: place.seq ?? place.position, limit: PAGE_EVENTS_MAX, bytesMax: PAGE_BYTES_MAX }
  return database.asTenant(filter.tenant, (trx) =>
    journalReader(trx, archive).readPage({ ...filter, ...bounds }),
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
