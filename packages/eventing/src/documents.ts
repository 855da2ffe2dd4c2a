import { type RawBuilder, sql } from 'kysely'
import { textRows } from './text-rows.ts'

/**
 * Documents as rows (tenant, bytes, document) of a statement, to which the columns that repeat parts of a document are
 * added by the database.
 */
export function documentsOf<Item>(
  items: readonly Item[],
  pick: (item: Item) => readonly [tenant: string, document: object],
): RawBuilder<unknown> {
  const tenants: string[] = []
  const texts: string[] = []
  for (const item of items) {
    const [tenant, document] = pick(item)
    tenants.push(tenant)
    texts.push(JSON.stringify(document))
  }
  return sql`(
    select tenant, octet_length(text) as bytes, text::jsonb as document
    from ${textRows(tenants, texts)} as value (tenant, text)
    offset 0 -- keeps each text from being parsed once for every column
  ) as item`
}
