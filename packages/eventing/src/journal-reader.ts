import type { JournalEvent } from '@daybook/events'
import { type QueryExecutorProvider, type RawBuilder, sql } from 'kysely'
import { eventColumns, eventColumnsUpTo, type JournalRow, toJournalEvent } from './journal-event.ts'
import { noArchive, type PayloadArchive } from './payload-archive.ts'

/** The last position given out, and the era, which grows when the journal is restored from a backup. */
export interface JournalHead {
  position: number
  era: number
}

/** Which events, from where, and how many. */
export interface PageQuery {
  /** Events after this one: a `seq` when a `stream` is named, otherwise a position. With `reverse`, before it. */
  after?: number
  /** Events at most. */
  limit: number
  /** Stops before the event that would pass it, yet always gives one. Counts the payload and 1 KiB for the rest. */
  bytesMax?: number
  tenant?: string
  kinds?: readonly string[]
  types?: readonly string[]
  /** Any of these streams, in the order of positions. */
  streams?: readonly string[]
  /** Appended by any of these, each as `kind:id`. */
  actors?: readonly string[]
  /** One stream, in the order of `seq`; needs `tenant`. */
  stream?: string
  /** Newest first. */
  reverse?: boolean
}

export interface JournalPage {
  events: JournalEvent[]
  /** Whether the journal went on beyond this page when it was read. There may be nothing that is wanted. */
  more: boolean
}

/** Reads the journal's tables, which every service may. */
export interface JournalReader {
  head(): Promise<JournalHead>
  readPage(query: PageQuery): Promise<JournalPage>
  /** The events of `readPage` alone. */
  page(query: PageQuery): Promise<JournalEvent[]>
}

/** What an event costs besides its payload: names, ids, three hashes and the instants come to 700–1,000 bytes. */
const ENVELOPE_BYTES = 1_024
/**
 * Larger payloads are read once it is known that they are in the page. Measured: to add up the lengths in the database
 * costs as much as to read the rows, and most payloads are far smaller than this.
 */
const INLINE_BYTES_MAX = 8 * 1024
/** Larger than any page can be: an event has 256 KiB at most. */
const UNBOUNDED_BYTES = Number.MAX_SAFE_INTEGER

const POSITION_MAX = Number.MAX_SAFE_INTEGER
/** Positions that one statement looks at: some seconds' work if none of them is wanted. */
const SPAN_MAX = 1_000_000
/**
 * Where most events are wanted, a statement looks at some times as many as a page takes. Then it does not matter that a
 * planner without statistics would rather collect and sort all there are than follow the index: measured, a live tail on
 * a new table fell behind for ever.
 */
const SPAN_PAGES = 4
/** Nothing found: look further at once. */
const SPAN_GROWTH = 8

interface MeasuredRow extends JournalRow {
  /** Of the payload; null when there is none. A large one is not in `data`. */
  bytes: number | null
}

/** A range of positions, both ends in it. */
interface Range {
  first: number
  last: number
}

/**
 * A stream is found by the index that begins with its tenant. Positions are followed in their own order: of a leaf without
 * statistics the planner would rather collect all rows of the tenant, for each page again, if it could.
 */
function isOfTenant(tenant: string, stream: string | undefined): RawBuilder<unknown> {
  return stream === undefined ? sql`event.tenant || '' = ${tenant}` : sql`event.tenant = ${tenant}`
}

function filtersOf(query: PageQuery, { first, last }: Range): RawBuilder<unknown>[] {
  const { tenant, stream, types, streams, actors } = query
  return [
    sql`event.position between ${first} and ${last}`,
    ...(tenant === undefined ? [] : [isOfTenant(tenant, stream)]),
    ...(stream === undefined ? [] : [sql`event.stream = ${stream}`]),
    ...(types === undefined ? [] : [sql`event.type = any(${types}::text[])`]),
    ...(streams === undefined ? [] : [sql`event.stream = any(${streams}::text[])`]),
    ...(actors === undefined
      ? []
      : [sql`event.actor_kind || ':' || event.actor_id = any(${actors}::text[])`]),
  ]
}

/** The rows of the page and one more, which tells whether there are more. */
function candidatesOf(query: PageQuery, range: Range): RawBuilder<unknown> {
  const { stream, kinds, after, reverse = false, limit } = query
  if (kinds !== undefined && stream === undefined) return candidatesOfKinds(query, kinds, range)
  const column = stream === undefined ? sql`event.position` : sql`event.seq`
  const direction = reverse ? sql`desc` : sql`asc`
  const conditions = filtersOf(query, range)
  if (kinds !== undefined) conditions.push(sql`event.kind = any(${kinds}::text[])`)
  if (stream !== undefined && after !== undefined)
    conditions.push(sql`event.seq ${reverse ? sql`<` : sql`>`} ${after}`)
  return sql`
    select * from journal.events event where ${sql.join(conditions, sql` and `)}
    order by ${column} ${direction} limit ${limit + 1}`
}

/**
 * Each kind is read for itself, in the order of the index (kind, position), so that a rare kind does not cost a walk over
 * all the others. The pairs are compared as rows on purpose. Measured with `kind = … and position > …`: before the
 * table has statistics, or when they are old, the planner collects and sorts all that is left of the kind for each page,
 * and for a rare kind it walks the primary key.
 */
function candidatesOfKinds(query: PageQuery, kinds: readonly string[], range: Range): RawBuilder<unknown> {
  const { reverse = false, limit } = query
  const direction = reverse ? sql`desc` : sql`asc`
  const conditions = [
    sql`(event.kind, event.position) >= (wanted.kind, ${range.first}::bigint)`,
    sql`(event.kind, event.position) <= (wanted.kind, ${range.last}::bigint)`,
    ...filtersOf(query, range),
  ]
  return sql`
    select event.* from unnest(${[...new Set(kinds)]}::text[]) as wanted (kind)
    cross join lateral (
      select * from journal.events event where ${sql.join(conditions, sql` and `)}
      order by event.kind ${direction}, event.position ${direction} limit ${limit + 1}
    ) event
    order by event.position ${direction} limit ${limit + 1}`
}

/** Kinds have an index of their own, and what is filtered by anything else is looked for among many others. */
function firstSpanOf({ kinds, types, streams, actors, limit }: PageQuery): number {
  const isRare = [kinds, types, streams, actors].some((filter) => filter !== undefined)
  return isRare ? SPAN_MAX : Math.min(SPAN_MAX, limit * SPAN_PAGES)
}

function nextSpan(span: number): number {
  return Math.min(SPAN_MAX, span * SPAN_GROWTH)
}

function pageStatement(query: PageQuery, range: Range): RawBuilder<MeasuredRow> {
  const direction = query.reverse === true ? sql`desc` : sql`asc`
  return sql<MeasuredRow>`
    select ${eventColumnsUpTo(INLINE_BYTES_MAX)} from (${candidatesOf(query, range)}) candidate
    order by position ${direction}`
}

/** The rows that fit; always one, so that a reader gets on. */
function cut(rows: readonly MeasuredRow[], { limit, bytesMax = UNBOUNDED_BYTES }: PageQuery): MeasuredRow[] {
  let bytes = 0
  const end = rows.findIndex((row, index) => {
    bytes += (row.bytes ?? 0) + ENVELOPE_BYTES
    return index === limit || (index > 0 && bytes > bytesMax)
  })
  return rows.slice(0, end === -1 ? undefined : end)
}

/** Rows as they are now: a payload may have been erased since its length was read. */
async function withLargePayloads(
  executor: QueryExecutorProvider,
  page: readonly MeasuredRow[],
): Promise<readonly JournalRow[]> {
  const large = page.filter(({ bytes }) => (bytes ?? 0) > INLINE_BYTES_MAX).map(({ position }) => position)
  if (large.length === 0) return page
  const { rows } = await sql<JournalRow>`
    select ${eventColumns} from journal.events where position = any(${large}::bigint[])`.execute(executor)
  const whole = new Map(rows.map((row) => [row.position, row]))
  return page.map((row) => whole.get(row.position) ?? row)
}

/**
 * Reads through a Kysely instance, or through a transaction, in whose snapshot all answers then are.
 *
 * The journal is split by position. A stream is read between its first and its last position, and the journal in spans,
 * so that a statement opens one or two leaves however many there are. A page may be shorter than asked for although there
 * is `more`. Payloads that were archived are read from
 * `archive`, where that is known; code: `archive-unavailable`.
 */
export function journalReader(
  executor: QueryExecutorProvider,
  archive: PayloadArchive = noArchive,
): JournalReader {
  const readHead = async (): Promise<JournalHead> => {
    const { rows } = await sql<JournalHead>`select position, era from journal.head`.execute(executor)
    const [head] = rows
    if (head === undefined) throw new Error('journal.head has no row')
    return head
  }

  const readRange = async (query: PageQuery, range: Range): Promise<JournalPage> => {
    const { rows } = await pageStatement(query, range).execute(executor)
    const page = await withLargePayloads(executor, cut(rows, query))
    const events = await archive.fill(page.map(toJournalEvent), query.bytesMax ?? UNBOUNDED_BYTES)
    return { events, more: events.length < rows.length }
  }

  const readStream = async (query: PageQuery, stream: string): Promise<JournalPage> => {
    const { rows } = await sql<Range>`
      select first_position as first, last_position as last from journal.streams
      where tenant = ${query.tenant} and stream = ${stream} and seq > 0`.execute(executor)
    const [range] = rows
    return range === undefined ? { events: [], more: false } : readRange(query, range)
  }

  const readForward = async (query: PageQuery): Promise<JournalPage> => {
    let first = (query.after ?? 0) + 1
    for (let span = firstSpanOf(query); ; span = nextSpan(span)) {
      const last = first + span - 1
      const page = await readRange(query, { first, last })
      if (page.more) return page
      const more = (await readHead()).position > last
      if (page.events.length > 0 || !more) return { ...page, more }
      first = last + 1
    }
  }

  const readBackward = async (query: PageQuery): Promise<JournalPage> => {
    let last = Math.min((await readHead()).position, (query.after ?? POSITION_MAX) - 1)
    for (let span = firstSpanOf(query); ; span = nextSpan(span)) {
      const first = Math.max(1, last - span + 1)
      const page = await readRange(query, { first, last })
      if (page.more) return page
      if (page.events.length > 0 || first === 1) return { ...page, more: first > 1 }
      last = first - 1
    }
  }

  const readPage = async (query: PageQuery): Promise<JournalPage> => {
    if (query.stream !== undefined) return readStream(query, query.stream)
    return query.reverse === true ? readBackward(query) : readForward(query)
  }

  return { head: readHead, readPage, page: async (query) => (await readPage(query)).events }
}
