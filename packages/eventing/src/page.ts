import { type QueryExecutorProvider, type RawBuilder, sql } from 'kysely'

/** One page of rows; `more` tells whether there were further rows when it was read. */
export interface Page<Row> {
  rows: Row[]
  more: boolean
}

/** What a page of documents may weigh. A larger document is given alone, so that a reader always gets on. */
export const PAGE_BYTES_MAX = 2 * 1024 * 1024

export interface PageSpec {
  /** A select of the table's columns, without order and limit. */
  select: RawBuilder<unknown>
  orderBy: RawBuilder<unknown>
  limit: number
}

/** Reads a page that ends at `limit` rows or at `PAGE_BYTES_MAX`, counted by the column `bytes`. */
export async function readPage<Row>(executor: QueryExecutorProvider, spec: PageSpec): Promise<Page<Row>> {
  const { select, orderBy, limit } = spec
  // One row more than asked for tells whether there are more.
  const { rows } = await sql<Row & { candidates: number }>`
    select * from (
      select *, count(*) over () as candidates, row_number() over entries as nth, sum(bytes) over entries as total
      from (${select} order by ${orderBy} limit ${limit + 1}) candidate
      window entries as (order by ${orderBy} rows unbounded preceding)
    ) measured
    where nth <= ${limit} and (nth = 1 or total <= ${PAGE_BYTES_MAX})
    order by nth`.execute(executor)
  return { rows, more: rows.length < (rows[0]?.candidates ?? 0) }
}
