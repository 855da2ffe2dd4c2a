import { type RawBuilder, sql } from 'kysely'

/** An instant of a column as events write it: ISO 8601, UTC, milliseconds. */
export function instantText(column: string): RawBuilder<unknown> {
  return sql`to_char(${sql.ref(column)} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
}
