/** Works through the items, `atOnceMax` of them at a time. The first failure ends it: what was begun is finished, nothing else is. */
export async function atOnce<Item>(
  items: Iterable<Item>,
  atOnceMax: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  // All workers take from one iterator: each item is worked on once, and when one of them fails it is emptied for the others.
  const left = items[Symbol.iterator]()
  const worker = async (): Promise<void> => {
    for (let next = left.next(); next.done !== true; next = left.next()) await work(next.value)
  }
  const stopAll = (error: unknown): never => {
    while (left.next().done !== true) continue
    throw error
  }
  await Promise.all(Array.from({ length: atOnceMax }, () => worker().catch(stopAll)))
}
