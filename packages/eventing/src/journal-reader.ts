import type { JournalEvent } from '@daybook/events'
import { type QueryExecutorProvider, type RawBuilder, sql } from 'kysely'
import { eventColumns, type JournalRow, toJournalEvent } from './journal-event.ts'

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
  /** One stream, in the order of `seq`; needs `tenant`. */
  stream?: string
  /** Newest first. */
  reverse?: boolean
}

export interface JournalPage {
  events: JournalEvent[]
  /** Whether there were further events beyond this page when it was read. */
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
/** Larger than any page can be: an event has 256 KiB at most. */
const UNBOUNDED_BYTES = Number.MAX_SAFE_INTEGER

interface MeasuredRow extends JournalRow {
  candidates: number
}

function conditionsOf(query: PageQuery, orderBy: RawBuilder<unknown>): RawBuilder<unknown> {
  const conditions = [sql`true`]
  if (query.tenant !== undefined) conditions.push(sql`event.tenant = ${query.tenant}`)
  if (query.stream !== undefined) conditions.push(sql`event.stream = ${query.stream}`)
  if (query.types !== undefined) conditions.push(sql`event.type = any(${query.types}::text[])`)
  if (query.after !== undefined) {
    conditions.push(
      query.reverse === true ? sql`${orderBy} < ${query.after}` : sql`${orderBy} > ${query.after}`,
    )
  }
  return sql.join(conditions, sql` and `)
}

/**
 * The rows of the page and one more, which tells whether there are more. Each kind is read for itself, so that the
 * index (kind, position) gives the rows in order, and a rare kind does not cost a walk over all the others.
 */
function candidatesOf(query: PageQuery): RawBuilder<unknown> {
  const column = query.stream === undefined ? sql`event.position` : sql`event.seq`
  const direction = query.reverse === true ? sql`desc` : sql`asc`
  const where = conditionsOf(query, column)
  const bounds = sql`order by ${column} ${direction} limit ${query.limit + 1}`
  if (query.kinds === undefined) return sql`select * from journal.events event where ${where} ${bounds}`
  return sql`
    select event.* from unnest(${[...new Set(query.kinds)]}::text[]) as wanted (kind)
    cross join lateral (
      select * from journal.events event where event.kind = wanted.kind and ${where} ${bounds}
    ) event
    ${bounds}`
}

/** The length of a large payload is known without reading it, so what is cut off costs nothing. */
function pageStatement(query: PageQuery): RawBuilder<MeasuredRow> {
  const direction = query.reverse === true ? sql`desc` : sql`asc`
  return sql<MeasuredRow>`
    select ${eventColumns}, candidates
    from (
      select *, count(*) over () as candidates, row_number() over entries as nth,
        sum(octet_length(data) + ${ENVELOPE_BYTES}::integer) over entries as bytes
      from (${candidatesOf(query)}) candidate
      window entries as (order by position ${direction} rows unbounded preceding)
    ) measured
    where nth <= ${query.limit} and (nth = 1 or bytes <= ${query.bytesMax ?? UNBOUNDED_BYTES})
    order by nth`
}

/** Reads through a Kysely instance, or through a transaction, in whose snapshot all answers then are. */
export function journalReader(executor: QueryExecutorProvider): JournalReader {
  const readPage = async (query: PageQuery): Promise<JournalPage> => {
    const { rows } = await pageStatement(query).execute(executor)
    return { events: rows.map(toJournalEvent), more: rows.length < (rows[0]?.candidates ?? 0) }
  }
  return {
    async head() {
      const { rows } = await sql<JournalHead>`select position, era from journal.head`.execute(executor)
      const [head] = rows
      if (head === undefined) throw new Error('journal.head has no row')
      return head
    },
    readPage,
    page: async (query) => (await readPage(query)).events,
  }
}
