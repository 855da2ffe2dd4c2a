import type { Page } from './answers.ts'

/** The items of all pages, one after the other; a page is fetched only when its first item is wanted. */
export async function* everyPage<Item, Cursor>(
  readPage: (cursor: Cursor | undefined) => Promise<Page<Item, Cursor>>,
): AsyncGenerator<Item, void, undefined> {
  let cursor: Cursor | undefined
  do {
    const page = await readPage(cursor)
    yield* page.items
    cursor = page.next
  } while (cursor !== undefined)
}
