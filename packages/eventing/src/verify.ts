import { type QueryExecutorProvider, type RawBuilder, sql, type Transaction } from 'kysely'
import type { Difference } from './difference.ts'
import type { Projection } from './projection-spec.ts'

/** How many of what were compared, by their names: `{ runs: 2, effects: 5, events: 31 }`. */
export type Counts = Readonly<Record<string, number>> & { readonly events: number }

/** The first thing that is not as a fresh fold of the journal has it, and by which ids it is found: `{ runId }`. */
export interface FoundDifference extends Difference {
  where: Readonly<Record<string, string>>
}

/** What a part of a verification found. */
export interface PartVerified {
  counts: Counts
  /** The id of the last stream that was compared; undefined when there are no more. */
  next: string | undefined
  difference: FoundDifference | undefined
}

/** Which rows are compared, and with the fold of which events. */
export interface FoldBounds {
  tenant: string
  /** The rows of the snapshot are the fold up to here. */
  position: number
  /** That of a parked stream ends where it was parked. */
  seqMax: number
}

/** What a verification knows of a read model. Everything is asked in one snapshot. */
export interface RowsVerification<DB, Row> {
  /** Of the streams that have rows. */
  kind: string
  /** Nothing compared: each count that it makes, at 0. */
  none: Counts
  /** Rows in the order of the ids of their streams, from behind one of them on. */
  list(trx: Transaction<DB>, query: { tenant: string; after: string; limit: number }): Promise<Row[]>
  /** The id of the stream. */
  idOf(row: Row): string
  /** A row against a fresh fold of its stream. */
  compare(
    trx: Transaction<DB>,
    row: Row,
    bounds: FoldBounds,
  ): Promise<{ counts: Counts; difference: FoundDifference | undefined }>
  /** What no comparison of one row finds, such as streams without a row. */
  compareWhole(trx: Transaction<DB>, bounds: Omit<FoldBounds, 'seqMax'>): Promise<FoundDifference | undefined>
}

/** Compared in one snapshot; a longer one would keep dead rows alive. */
const ROWS_PER_SNAPSHOT = 50

/**
 * Compares the rows of one tenant with a fresh fold of the journal, stream by stream, from behind `after` on, until it has
 * worked for `workMs` or has found a difference. Each fold ends where the rows of its snapshot end, so that events which
 * come meanwhile make no difference.
 */
export async function verifyRows<DB, Row>(
  projection: Projection<DB>,
  rows: RowsVerification<DB, Row>,
  { tenant, after, workMs }: { tenant: string; after: string; workMs: number },
): Promise<PartVerified> {
  const endAt = performance.now() + workMs
  let total: PartVerified = { counts: rows.none, next: after, difference: undefined }
  while (total.next !== undefined && total.difference === undefined && performance.now() < endAt) {
    const from = total.next
    const { value } = await projection.read(tenant, (trx) =>
      verifyPage(projection, rows, { trx, tenant, from }),
    )
    total = { ...value, counts: sum(total.counts, value.counts) }
  }
  return total
}

async function verifyPage<DB, Row>(
  projection: Projection<DB>,
  rows: RowsVerification<DB, Row>,
  { trx, tenant, from }: { trx: Transaction<DB>; tenant: string; from: string },
): Promise<PartVerified> {
  const position = await appliedPosition(trx, rows.kind)
  const page = await rows.list(trx, { tenant, after: from, limit: ROWS_PER_SNAPSHOT })
  const last = page.at(-1)
  const next = last === undefined ? undefined : rows.idOf(last)
  let counts = rows.none
  for (const row of page) {
    const parked = await projection.parked.find(trx, { tenant, stream: `${rows.kind}/${rows.idOf(row)}` })
    const seqMax = (parked?.seq ?? Number.POSITIVE_INFINITY) - 1
    const compared = await rows.compare(trx, row, { tenant, position, seqMax })
    counts = sum(counts, compared.counts)
    if (compared.difference !== undefined) return { counts, next, difference: compared.difference }
  }
  const isEnd = next === undefined
  return { counts, next, difference: isEnd ? await rows.compareWhole(trx, { tenant, position }) : undefined }
}

function sum(left: Counts, right: Counts): Counts {
  const both = Object.entries(right).map(([name, count]) => [name, (left[name] ?? 0) + count] as const)
  return { ...left, ...Object.fromEntries(both), events: left.events + right.events }
}

/** Up to where the rows of a snapshot are the fold of the events of this kind. */
async function appliedPosition(executor: QueryExecutorProvider, kind: string): Promise<number> {
  const { rows } = await sql<{ position: number }>`
    select position from checkpoints where kind = ${kind}`.execute(executor)
  return rows[0]?.position ?? 0
}

interface MissingStreamQuery extends Omit<FoldBounds, 'seqMax'> {
  kind: string
  table: string
  column: string
  holds?: 'id' | 'name'
  /** A condition on `journaled`, the row of `journal.streams`: streams that need no row do not meet it. */
  only?: RawBuilder<unknown>
}

/**
 * The id of a stream of the journal that has no row in `table` though it began at or before `position` and is not parked
 * from its start. `column` holds its id, or its whole name. `table` and `column` are names in code, never words of a
 * request.
 */
export async function findMissingStream(
  executor: QueryExecutorProvider,
  query: MissingStreamQuery,
): Promise<string | undefined> {
  const { tenant, position, kind, table, column, holds = 'id', only = sql`true` } = query
  const id = sql`substr(journaled.stream, ${kind.length + 2}::integer)`
  const held = holds === 'id' ? id : sql`journaled.stream`
  const { rows } = await sql<{ id: string }>`
    select ${id} as id from journal.streams journaled
    where journaled.tenant = ${tenant} and starts_with(journaled.stream, ${`${kind}/`})
      and journaled.first_position <= ${position}
      and not exists (
        select from ${sql.table(table)} row
        where (row.tenant, ${sql.ref(`row.${column}`)}) = (journaled.tenant, ${held}))
      and not exists (
        select from parked_streams parked
        where (parked.tenant, parked.stream) = (journaled.tenant, journaled.stream) and parked.seq = 1)
      and ${only}
    limit 1`.execute(executor)
  return rows[0]?.id
}
