/** A batch in stretches, each of which begins with an item that `begins` one; the first may begin with any. */
export function* stretchesOf<Item>(
  items: readonly Item[],
  begins: (item: Item) => boolean,
): Generator<readonly [first: Item, ...rest: Item[]]> {
  for (let from = 0; from < items.length; ) {
    const next = items.findIndex((item, index) => index > from && begins(item))
    const [first, ...rest] = items.slice(from, next === -1 ? undefined : next)
    if (first !== undefined) yield [first, ...rest]
    from = next === -1 ? items.length : next
  }
}
