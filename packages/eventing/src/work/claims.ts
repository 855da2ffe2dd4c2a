import { DaybookError } from '@daybook/errors'
import { createUlids } from '@daybook/events'
import { LeastRecentlyUsed } from '@daybook/runtime'
import type { Author } from '../appender.ts'
import type { Attention } from '../commands/door.ts'
import type { Projection } from '../projection-spec.ts'
import type { Seeker, Taken } from './finder.ts'

/** What a worker asks for. */
export interface ClaimWish {
  readonly worker: string
  readonly claimId?: string
  readonly leaseMs?: number
  /** So much at most; 1 unless told. */
  readonly limit?: number
}

/** A wish under the name by which it is known when it is repeated. */
export type Claim<Wish extends ClaimWish> = Wish & { readonly claimId: string }

/** For how long somebody waits for work, and whether he still does. */
export interface Patience extends Attention {
  /** 0: not at all. */
  readonly waitMs: number
}

/** What was got somewhere, and up to which event of the stream that is known; undefined if nothing had to happen for it. */
export interface Got<Item> {
  readonly item: Item
  readonly seq: number | undefined
}

/** What is claimed, and how. A place is where one claim gets one item. */
export interface ClaimKind<Wish extends ClaimWish, Place, Item> {
  readonly nameOf: (place: Place) => string
  /** See `WorkFinder.find`. */
  readonly find: (
    author: Author,
    claim: Claim<Wish>,
    seeker: Omit<Seeker<unknown>, 'filter'>,
  ) => Promise<readonly Taken<Place>[]>
  /**
   * Where a repeated claim has got something before, by the read model: another instance may have given it. Who asks another
   * instance sooner than its read model knows may get other work; the first one then runs out.
   */
  readonly findHeld: (author: Author, claim: Claim<Wish>) => Promise<readonly Place[]>
  /** What the claim has got there, before or just now. Codes: those of `decideLoop`. */
  readonly claimAt: (author: Author, claim: Claim<Wish>, place: Place) => Promise<Got<Item> | undefined>
  /** For who is not there any more to be told of it. */
  readonly giveBack: (author: Author, item: Item) => Promise<unknown>
  readonly onClaimed: (count: number) => void
  readonly projection: Pick<Projection<unknown>, 'position' | 'waitFor'>
  /** The last position at which this instance changed anything. */
  readonly ownPosition: () => number
}

/** Where nothing is due, and this instance did something a moment ago that may have made something due. */
const CATCH_UP_MS = 1_000
/** Each time others were faster with all that was found. */
const VAIN_ROUNDS_MAX = 8
/** Claims of some minutes. Who did not get an answer asks again within seconds. */
const CLAIMS_KEPT = 20_000

/**
 * Claims what is due for a worker. Of several items at once each is a command of its own; together they have one `claimId`,
 * under which those that are held already are answered again, before any others are claimed.
 */
export class Claims<Wish extends ClaimWish, Place, Item> {
  readonly #kind: ClaimKind<Wish, Place, Item>
  readonly #nextUlid = createUlids()
  /** What this instance gave, by claim. Whether it is still held, its stream knows. */
  readonly #given = new LeastRecentlyUsed<ReadonlyMap<string, Place>>(CLAIMS_KEPT)

  constructor(kind: ClaimKind<Wish, Place, Item>) {
    this.#kind = kind
  }

  /** Codes: those of `decideLoop`. */
  async claim(author: Author, wish: Wish, patience: Patience): Promise<Item[]> {
    const claim = { ...wish, claimId: wish.claimId ?? this.#nextUlid() }
    const held = wish.claimId === undefined ? [] : await this.#heldBefore(author, claim)
    const items = held.length > 0 ? held : await this.#claimDue(author, claim, patience)
    return this.#unlessGone(author, items, patience)
  }

  /** At the one place that is named, if it is its turn. */
  async claimFrom(author: Author, wish: Wish, place: Place): Promise<Item[]> {
    const claim = { ...wish, claimId: wish.claimId ?? this.#nextUlid() }
    const got = await this.#claimAt(author, claim, place)
    return got === undefined ? [] : [got.item]
  }

  async #heldBefore(author: Author, claim: Claim<Wish>): Promise<Item[]> {
    const given = this.#given.get(nameOf(author, claim))
    const places = given === undefined ? await this.#kind.findHeld(author, claim) : [...given.values()]
    const got = await Promise.all(places.map((place) => this.#claimAt(author, claim, place)))
    return got.flatMap((one) => (one === undefined ? [] : [one.item]))
  }

  async #claimDue(author: Author, claim: Claim<Wish>, { waitMs, signal }: Patience): Promise<Item[]> {
    const { limit: count = 1 } = claim
    const untilMs = performance.now() + waitMs
    for (let vain = 0; vain < VAIN_ROUNDS_MAX; ) {
      const taken = await this.#find(author, claim, { count, untilMs, signal })
      if (taken.length === 0) return []
      const items = await this.#claimAll(author, claim, taken)
      if (items.length > 0) return items
      if (performance.now() >= untilMs) vain += 1
    }
    return []
  }

  /** What this instance has just done counts also for who does not wait. */
  async #find(
    author: Author,
    claim: Claim<Wish>,
    seeker: Omit<Seeker<unknown>, 'filter'>,
  ): Promise<readonly Taken<Place>[]> {
    const { find, projection, ownPosition } = this.#kind
    const found = await find(author, claim, seeker)
    const own = ownPosition()
    const isWaiting = seeker.untilMs > performance.now()
    if (found.length === seeker.count || isWaiting || projection.position >= own) return found
    await projection.waitFor(own, CATCH_UP_MS)
    return [...found, ...(await find(author, claim, { ...seeker, count: seeker.count - found.length }))]
  }

  /** What was got is answered, also where others of the same claim failed: it is leased. */
  async #claimAll(author: Author, claim: Claim<Wish>, taken: readonly Taken<Place>[]): Promise<Item[]> {
    const results = await Promise.allSettled(taken.map((one) => this.#claimTaken(author, claim, one)))
    const items = results.flatMap((result) =>
      result.status === 'fulfilled' && result.value !== undefined ? [result.value] : [],
    )
    const failed = results.find((result) => result.status === 'rejected')
    if (items.length === 0 && failed !== undefined) throw failed.reason
    this.#kind.onClaimed(items.length)
    return items
  }

  async #claimTaken(author: Author, claim: Claim<Wish>, taken: Taken<Place>): Promise<Item | undefined> {
    let seq: number | undefined
    try {
      const got = await this.#claimAt(author, claim, taken.head)
      seq = got?.seq
      return got?.item
    } catch (error) {
      // Others work there all the time; there is more.
      if (error instanceof DaybookError && error.code === 'conflict') return undefined
      throw error
    } finally {
      if (seq === undefined) taken.inVain()
      else taken.done(seq)
    }
  }

  async #claimAt(author: Author, claim: Claim<Wish>, place: Place): Promise<Got<Item> | undefined> {
    const got = await this.#kind.claimAt(author, claim, place)
    if (got === undefined) return undefined
    const name = nameOf(author, claim)
    this.#given.set(name, new Map([...(this.#given.get(name) ?? []), [this.#kind.nameOf(place), place]]))
    return got
  }

  async #unlessGone(author: Author, items: Item[], { isGone }: Patience): Promise<Item[]> {
    if (items.length === 0 || isGone?.() !== true) return items
    // What cannot be given back runs out.
    await Promise.allSettled(items.map((item) => this.#kind.giveBack(author, item)))
    return []
  }
}

function nameOf({ tenant }: Author, { claimId }: { readonly claimId: string }): string {
  return `${tenant} ${claimId}`
}
