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

const POSITION_MAX = Number.MAX_SAFE_INTEGER

interface MeasuredRow extends JournalRow {
  candidates: number
}

function filtersOf({ tenant, stream, types }: PageQuery): RawBuilder<unknown>[] {
  return [
    sql`true`,
    ...(tenant === undefined ? [] : [sql`event.tenant = ${tenant}`]),
    ...(stream === undefined ? [] : [sql`event.stream = ${stream}`]),
    ...(types === undefined ? [] : [sql`event.type = any(${types}::text[])`]),
  ]
}

/** The rows of the page and one more, which tells whether there are more. */
function candidatesOf(query: PageQuery): RawBuilder<unknown> {
  const { stream, kinds, after, reverse = false, limit } = query
  if (kinds !== undefined && stream === undefined) return candidatesOfKinds(query, kinds)
  const column = stream === undefined ? sql`event.position` : sql`event.seq`
  const direction = reverse ? sql`desc` : sql`asc`
  const conditions = filtersOf(query)
  if (kinds !== undefined) conditions.push(sql`event.kind = any(${kinds}::text[])`)
  if (after !== undefined) conditions.push(sql`${column} ${reverse ? sql`<` : sql`>`} ${after}`)
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
function candidatesOfKinds(query: PageQuery, kinds: readonly string[]): RawBuilder<unknown> {
  const { after, reverse = false, limit } = query
  const direction = reverse ? sql`desc` : sql`asc`
  const above = reverse ? 0 : (after ?? 0)
  const upTo = reverse ? (after ?? POSITION_MAX) - 1 : POSITION_MAX
  const conditions = [
    sql`(event.kind, event.position) > (wanted.kind, ${above}::bigint)`,
    sql`(event.kind, event.position) <= (wanted.kind, ${upTo}::bigint)`,
    ...filtersOf(query),
  ]
  return sql`
    select event.* from unnest(${[...new Set(kinds)]}::text[]) as wanted (kind)
    cross join lateral (
      select * from journal.events event where ${sql.join(conditions, sql` and `)}
      order by event.kind ${direction}, event.position ${direction} limit ${limit + 1}
    ) event
    order by event.position ${direction} limit ${limit + 1}`
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
