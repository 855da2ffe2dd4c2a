import { type RawBuilder, sql } from 'kysely'

/** Between values of a list. No value can hold it: names may hold no control character, and in JSON it is escaped. */
const SEPARATOR = '\u001f'

/**
 * A list of texts as one text, taken apart by the database; absent values become null. None of the texts is empty. As an
 * array every one of them would be looked through for something to escape, on both sides: a tenth of the journal's time.
 * A list of absent values alone becomes an empty one, which an `unnest` beside others fills up with nulls.
 */
export function texts<T>(
  items: readonly T[],
  pick: (item: T) => string | number | undefined,
): RawBuilder<string[]> {
  const values = items.map(pick)
  const text = values.every((value) => value === undefined) ? '' : values.join(SEPARATOR)
  return sql`string_to_array(${text}, E'\\x1f', '')`
}
