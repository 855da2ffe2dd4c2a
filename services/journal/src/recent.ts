import { leastUlidAt } from '@daybook/events'
import type { Job, Settlement, StreamHead } from './settle.ts'

/**
 * What this instance remembers of what it wrote itself, so that most appends need not ask the database before they
 * write. Nothing depends on it being right:
 *
 * M1 A remembered end of a stream may be out of date, since another instance moved it. The write requires that the
 *    streams end where they are believed to (see `store/append.ts`), and fails whole if one does not.
 * M2 So what is remembered may make an append be accepted; before one is refused, everything is looked up.
 * M3 An id that is neither old nor was seen here is believed to be new. The unique index knows better, and the batch is
 *    then tried anew with everything looked up. That of an event with a natural key is looked up: if it is found by its key,
 *    nothing is written, and the index is not asked.
 */

/** Some 10 MiB; streams that are written now and then find their way back by being looked up. */
const HEADS_MAX = 50_000
/** Of each of two generations: together more than a minute of a busy journal, in some 20 MiB. */
const IDS_MAX = 100_000
/** A producer that asks again does so within a minute, or its ids are old and are looked up. */
const YOUNG_MS = 60_000

export class Recent {
  readonly #heads = new Map<string, StreamHead>()
  #ids = new Set<string>()
  #olderIds = new Set<string>()

  /** The ends of streams as far as they are known here; the names are those of `nameOf`. */
  headsOf(names: Iterable<string>): Map<string, StreamHead> {
    const heads = new Map<string, StreamHead>()
    for (const name of names) {
      const head = this.#heads.get(name)
      if (head !== undefined) heads.set(name, head)
    }
    return heads
  }

  /** Of a batch, the ids that may be in the journal already. */
  suspectIds(jobs: readonly Job[], nowMs: number): { tenant: string; id: string }[] {
    const young = leastUlidAt(nowMs - YOUNG_MS)
    return jobs.flatMap(({ tenant, request }) =>
      request.events.flatMap(({ id, key }) =>
        id >= young && key === undefined && !this.#hasSeen(id) ? [] : [{ tenant, id }],
      ),
    )
  }

  /** To be told before a write: whether it succeeds or not, from now on its ids have to be looked up. */
  noteIds({ events }: Settlement): void {
    // Without the tenant: one id in two tenants costs a look too many, and a name for each event would cost more.
    for (const { header } of events) this.#ids.add(header.id)
    if (this.#ids.size < IDS_MAX) return
    this.#olderIds = this.#ids
    this.#ids = new Set()
  }

  /** To be told after a write that succeeded. */
  keepHeads({ heads }: Settlement): void {
    for (const [name, head] of heads) {
      // Put in anew, it is the youngest.
      this.#heads.delete(name)
      this.#heads.set(name, head)
    }
    for (const oldest of this.#heads.keys()) {
      if (this.#heads.size <= HEADS_MAX) break
      this.#heads.delete(oldest)
    }
  }

  /** To be told after a write whose outcome is not known, or that lost a race. */
  forgetHeads(names: Iterable<string>): void {
    for (const name of names) this.#heads.delete(name)
  }

  #hasSeen(id: string): boolean {
    return this.#ids.has(id) || this.#olderIds.has(id)
  }
}
