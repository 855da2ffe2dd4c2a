import { DaybookError } from '@daybook/errors'
import type { Author, Projection } from '@daybook/eventing'
import { createUlids } from '@daybook/events'
import type { LaneCommands, LaneOutcome, LaneWish } from './commands.ts'
import type { Work, WorkFilter } from './heads.ts'
import type { HeldLeases } from './held-leases.ts'
import type { InboundMetrics } from './observe.ts'
import type { Seeker, Taken, WorkFinder } from './waiting.ts'

/** What a worker asks for. */
export interface ClaimWish {
  readonly worker: string
  readonly claimId?: string
  readonly source?: string
  readonly account?: string
  readonly leaseMs?: number
  /** Conversations to claim from; 1 unless told. */
  readonly limit?: number
}

/** For how long somebody waits for work, and whether he still does. */
export interface Patience {
  /** 0: not at all. */
  readonly waitMs: number
  /** Aborted when the client goes, or the server closes. */
  readonly signal?: AbortSignal
  /** Whether nobody is there any more to be told what he has got. */
  readonly isGone?: () => boolean
}

/** What is claimed, and how it is claimed from a conversation. */
export interface ClaimKind<Item> {
  readonly work: Work
  readonly wish: (claim: ClaimWish & { claimId: string }, key?: string) => LaneWish
  /** What the claim has got of the conversation, before or just now. */
  readonly itemOf: (lane: string, outcome: LaneOutcome) => Item | undefined
  readonly giveBack: (item: Item, reason: string) => { lane: string; wish: LaneWish }
}

export interface ClaimParts {
  readonly commands: LaneCommands
  readonly finder: WorkFinder
  readonly held: HeldLeases
  readonly metrics: InboundMetrics
  readonly projection: Pick<Projection<unknown>, 'position' | 'waitFor'>
  /** The last position at which this instance changed anything. */
  readonly ownPosition: () => number
}

/** Where nothing is due, and this instance did something a moment ago that may have made something due. */
const CATCH_UP_MS = 1_000
/** Each time others were faster with all that was found. */
const VAIN_ROUNDS_MAX = 8
const CLIENT_GONE = 'The client went away before it was told that it has this.'

/**
 * Claims what is due for a worker. Of several conversations at once each is a command of its own; together they have one
 * `claimId`, under which those that are held already are answered again, before any others are claimed.
 */
export class Claims<Item> {
  readonly #parts: ClaimParts
  readonly #kind: ClaimKind<Item>
  readonly #nextUlid = createUlids()

  constructor(parts: ClaimParts, kind: ClaimKind<Item>) {
    this.#parts = parts
    this.#kind = kind
  }

  /** Codes: those of `decideLoop`. */
  async claim(author: Author, wish: ClaimWish, patience: Patience): Promise<Item[]> {
    const claim = { ...wish, claimId: wish.claimId ?? this.#nextUlid() }
    const held = wish.claimId === undefined ? [] : await this.#heldBefore(author, claim)
    const items = held.length > 0 ? held : await this.#claimDue(author, claim, patience)
    return this.#unlessGone(author, items, patience)
  }

  /** The one message that is named, if it is its turn. */
  async claimFrom(
    author: Author,
    wish: ClaimWish,
    { lane, key }: { lane: string; key: string },
  ): Promise<Item[]> {
    const item = await this.#claimLane(
      author,
      lane,
      { ...wish, claimId: wish.claimId ?? this.#nextUlid() },
      key,
    )
    return item === undefined ? [] : [item.item]
  }

  async #heldBefore(author: Author, claim: ClaimWish & { claimId: string }): Promise<Item[]> {
    const { work } = this.#kind
    const lanes = await this.#parts.held.find({ tenant: author.tenant, work, ...claim })
    const items = await Promise.all(lanes.map((lane) => this.#claimLane(author, lane, claim)))
    return items.flatMap((one) => (one === undefined ? [] : [one.item]))
  }

  async #claimDue(
    author: Author,
    claim: ClaimWish & { claimId: string },
    { waitMs, signal }: Patience,
  ): Promise<Item[]> {
    const { tenant } = author
    const { source, account, limit: count = 1 } = claim
    const filter: WorkFilter = { tenant, work: this.#kind.work, source, account }
    const untilMs = performance.now() + waitMs
    for (let vain = 0; vain < VAIN_ROUNDS_MAX; ) {
      const taken = await this.#find({ filter, count, untilMs, signal })
      if (taken.length === 0) return []
      const items = await this.#claimAll(author, claim, taken)
      if (items.length > 0) return items
      if (performance.now() >= untilMs) vain += 1
    }
    return []
  }

  /** What this instance has just done counts also for who does not wait. */
  async #find(seeker: Seeker): Promise<Taken[]> {
    const { finder, projection, ownPosition } = this.#parts
    const found = await finder.find(seeker)
    const own = ownPosition()
    const isWaiting = seeker.untilMs > performance.now()
    if (found.length === seeker.count || isWaiting || projection.position >= own) return found
    await projection.waitFor(own, CATCH_UP_MS)
    return [...found, ...(await finder.find({ ...seeker, count: seeker.count - found.length }))]
  }

  /** What was got is answered, also where others of the same claim failed: it is leased. */
  async #claimAll(
    author: Author,
    claim: ClaimWish & { claimId: string },
    taken: readonly Taken[],
  ): Promise<Item[]> {
    const results = await Promise.allSettled(taken.map((head) => this.#claimTaken(author, claim, head)))
    const items = results.flatMap((result) =>
      result.status === 'fulfilled' && result.value !== undefined ? [result.value] : [],
    )
    const failed = results.find((result) => result.status === 'rejected')
    if (items.length === 0 && failed !== undefined) throw failed.reason
    this.#parts.metrics.claimed(this.#kind.work, items.length)
    return items
  }

  async #claimTaken(
    author: Author,
    claim: ClaimWish & { claimId: string },
    head: Taken,
  ): Promise<Item | undefined> {
    let seq: number | undefined
    try {
      const claimed = await this.#claimLane(author, head.lane, claim)
      seq = claimed?.seq
      return claimed?.item
    } catch (error) {
      // Others work at this conversation all the time; there are more.
      if (error instanceof DaybookError && error.code === 'conflict') return undefined
      throw error
    } finally {
      if (seq === undefined) head.inVain()
      else head.done(seq)
    }
  }

  async #claimLane(
    author: Author,
    lane: string,
    claim: ClaimWish & { claimId: string },
    key?: string,
  ): Promise<{ item: Item; seq: number | undefined } | undefined> {
    const { commands, held } = this.#parts
    const { work, wish, itemOf } = this.#kind
    const outcome = await commands.execute({ author, lane, wish: wish(claim, key) })
    const item = itemOf(lane, outcome)
    if (item === undefined) return undefined
    held.note({ tenant: author.tenant, work, claimId: claim.claimId }, lane)
    return { item, seq: outcome.receipts.at(-1)?.seq }
  }

  async #unlessGone(author: Author, items: Item[], { isGone }: Patience): Promise<Item[]> {
    if (items.length === 0 || isGone?.() !== true) return items
    const backs = items.map((item) => this.#kind.giveBack(item, CLIENT_GONE))
    // One that cannot be given back runs out.
    await Promise.allSettled(backs.map((back) => this.#parts.commands.execute({ author, ...back })))
    return []
  }
}
