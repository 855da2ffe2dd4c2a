import { cursor, limit, limitOf, PAGE_BYTES_MAX } from '@daybook/eventing'
import { Type } from 'typebox'
import { decodeEffectsCursor, encodeEffectsCursor } from '../cursor.ts'

/** Where something comes in a list: in the order of the events that brought it. No two have the same seq. */
export interface Place {
  id: string
  seq: number
}

/** Some entries of a list, and where the next ones begin. */
export interface Page<Entry> {
  entries: Entry[]
  /** The last one of this page; undefined if there are no more. */
  last: Place | undefined
}

/** Which part of a list. */
export interface PageBounds {
  /** Entries after the one of this seq. */
  after: number
  limit: number
}

/** How a request says it. */
export const pageQuery = { limit, cursor }

/** The page's bounds. Code: `invalid-cursor`. */
export function boundsOf(query: { limit?: number; cursor?: string }): PageBounds {
  const after = query.cursor === undefined ? 0 : decodeEffectsCursor(query.cursor).requestedSeq
  return { after, limit: limitOf(query) }
}

/** The cursor of the following page. */
export function nextOf({ last }: Page<unknown>): string | null {
  return last === undefined ? null : encodeEffectsCursor({ requestedSeq: last.seq, effectId: last.id })
}

/** The schema of a list by ids, of which a page is given. */
export function byId<Schema extends Parameters<typeof Type.Record>[1]>(entry: Schema) {
  return Type.Record(Type.String(), entry, { description: 'By their ids; a page of them' })
}

/** Read at once; payloads are 256 KiB at most, and an effect has two. */
const CHUNK = 32

/** Takes entries from a list until there are `limit` or they weigh 2 MiB; a larger one comes alone. */
export async function pageOf<Entry>(
  places: readonly Place[],
  { after, limit }: PageBounds,
  read: (chunk: readonly Place[]) => Promise<(Entry | undefined)[]>,
): Promise<Page<Entry>> {
  const entries: Entry[] = []
  let bytes = 0
  const left = places.filter(({ seq }) => seq > after)
  for (let start = 0; start < left.length; start += CHUNK) {
    const chunk = left.slice(start, start + CHUNK)
    for (const [nth, entry] of (await read(chunk)).entries()) {
      if (entry === undefined) continue
      bytes += JSON.stringify(entry).length
      const isFull = entries.length >= limit || (entries.length > 0 && bytes > PAGE_BYTES_MAX)
      if (isFull) return { entries, last: left[start + nth - 1] }
      entries.push(entry)
    }
  }
  return { entries, last: undefined }
}
