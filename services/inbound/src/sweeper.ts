import type { Clock, Database } from '@daybook/database'
import type { InboundLimits } from '@daybook/events'
import { type Logger, Pause } from '@daybook/runtime'
import type { LaneCommands } from './commands.ts'
import { type DueHead, type DuePlace, FIRST_PLACE, nextDueAt, readDueHeads } from './due-heads.ts'
import type { Work } from './heads.ts'
import type { InboundMetrics } from './observe.ts'
import type { Offers } from './offers.ts'

export interface SweeperParts<DB> {
  readonly database: Database<DB>
  readonly commands: Pick<LaneCommands, 'execute'>
  readonly offers: Offers
  readonly clock: Clock
  readonly limitsOf: (source: string) => InboundLimits
  readonly logger: Logger
  readonly metrics: InboundMetrics
  /** Told after something may have become due. */
  readonly onSwept: () => void
  /** Told before each round; what it throws is logged. */
  readonly beforeRound?: () => Promise<void>
  /** An offer that nobody took is made again after so long. */
  readonly offerEveryMs: number
  /** Between two rounds at most, whatever is due. */
  readonly sweepMs: number
}

/** Settles what runs out of time, and offers what is due. */
export interface Sweeper extends AsyncDisposable {
  /** Something will be due then. */
  note(dueAt: string): void
  /** Something is due now. */
  take(head: DueHead): void
}

/** Whose doing it is, where no worker asked for it. */
export const SWEEPER = { kind: 'service', id: 'inbound' } as const

const PAGE = 500
/** Appends of one round that are under way at a time; the journal writes them together. */
const AT_ONCE = 16
/** Several instances wake for the same lease; the first one settles it, and the others then find it settled. */
const JITTER_MS = 20
/** After a failed round, and between two rounds in any case. */
const ROUND_MS_MIN = 10

/**
 * 1. Nothing depends on a round having run: a claim settles what it meets, and everything is decided on the journal.
 * 2. Several instances at once do no harm: one settles, the others find nothing to do.
 * 3. A round follows the index of what is due from where the last one ended. What became due with an older date meanwhile
 *    was offered by who changed it; every `offerEveryMs`, everything that is due is gone through.
 */
class SweeperLoop<DB> implements Sweeper {
  readonly #parts: SweeperParts<DB>
  readonly #pause = new Pause()
  readonly #running: Promise<void>
  #nextAt = ''
  #sweptUntil: string | undefined
  #offeredAllAtMs = Number.NEGATIVE_INFINITY
  #isOver = false

  constructor(parts: SweeperParts<DB>) {
    this.#parts = parts
    this.#running = this.#run()
  }

  note(dueAt: string): void {
    if (dueAt === '' || (this.#nextAt !== '' && dueAt >= this.#nextAt)) return
    this.#nextAt = dueAt
    this.#pause.end()
  }

  take(head: DueHead): void {
    const { offers, offerEveryMs } = this.#parts
    // Whatever else happened in its conversation, it is offered already.
    if (head.state === 'pending' && offers.wasOffered(head, offerEveryMs)) return
    void this.#settleOrOffer(head, { until: head.dueAt, isAll: false })
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      try {
        await this.#round()
      } catch (error) {
        this.#parts.logger.warn({ err: error }, 'a round of the sweeper failed; the next one tries again')
      }
      await this.#rest()
    }
  }

  async #round(): Promise<void> {
    const { clock, database, metrics, onSwept, offerEveryMs } = this.#parts
    await this.#parts.beforeRound?.()
    const until = await clock.now()
    const isAll = performance.now() - this.#offeredAllAtMs >= offerEveryMs
    const after = isAll || this.#sweptUntil === undefined ? FIRST_PLACE : placeAfter(this.#sweptUntil)
    let settled = 0
    for (const work of ['messages', 'replies'] as const)
      settled += await this.#sweep(work, { after, until, isAll })
    if (isAll) this.#offeredAllAtMs = performance.now()
    this.#sweptUntil = until
    metrics.swept(settled)
    onSwept()
    this.#nextAt = ''
    this.note((await nextDueAt(database, until)) ?? '')
  }

  /** Until something is due. What is told meanwhile to be due may come sooner. */
  async #rest(): Promise<void> {
    const { sweepMs, offerEveryMs } = this.#parts
    const restUntilMs = performance.now() + Math.min(sweepMs, offerEveryMs)
    for (let known: string | undefined; !this.#isOver && known !== this.#nextAt; ) {
      const leftMs = Math.max(ROUND_MS_MIN, await this.#untilNextDueMs()) + Math.random() * JITTER_MS
      if (this.#isOver) return
      known = this.#nextAt
      await this.#pause.wait(Math.min(leftMs, restUntilMs - performance.now()))
    }
  }

  /** Without the clock, which is in the database, there is nothing to be done either. */
  async #untilNextDueMs(): Promise<number> {
    const now = await this.#parts.clock.now().catch(() => undefined)
    if (now === undefined || this.#nextAt === '') return Number.POSITIVE_INFINITY
    return Date.parse(this.#nextAt) - Date.parse(now)
  }

  async #sweep(
    work: Work,
    { after, until, isAll }: { after: DuePlace; until: string; isAll: boolean },
  ): Promise<number> {
    let settled = 0
    for (let place: DuePlace | undefined = after; place !== undefined && !this.#isOver; ) {
      const heads: DueHead[] = await readDueHeads(this.#parts.database, {
        work,
        after: place,
        until,
        limit: PAGE,
      })
      for (let from = 0; from < heads.length && !this.#isOver; from += AT_ONCE) {
        const some = heads.slice(from, from + AT_ONCE)
        const outcomes = await Promise.all(some.map((head) => this.#settleOrOffer(head, { until, isAll })))
        settled += outcomes.filter(Boolean).length
      }
      place = heads.length < PAGE ? undefined : heads.at(-1)
    }
    return settled
  }

  /** Answers whether there was something to settle. */
  async #settleOrOffer(head: DueHead, { until, isAll }: { until: string; isAll: boolean }): Promise<boolean> {
    const { offers, offerEveryMs, limitsOf } = this.#parts
    const isOver = head.state === 'claimed' || isStale(head, limitsOf(head.source), until)
    if (isOver && (await settleLane(this.#parts, head))) return true
    if (head.state === 'claimed') return false
    // What another instance has offered a moment ago is offered.
    if (!isAll || !offers.wasOffered(head, offerEveryMs / 2)) offers.offer(head)
    return false
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true
    this.#pause.end()
    await this.#running
  }
}

/** Settles what has run out of time in a conversation; answers whether there was something. */
async function settleLane(
  { commands, logger }: Pick<SweeperParts<unknown>, 'commands' | 'logger'>,
  { tenant, lane }: DueHead,
): Promise<boolean> {
  try {
    const author = { tenant, actor: SWEEPER }
    const { receipts } = await commands.execute({ author, lane, wish: { name: 'expire' } })
    return receipts.length > 0
  } catch (error) {
    logger.warn({ err: error, lane }, 'a conversation could not be settled; the next round tries again')
    return false
  }
}

function isStale({ work, sentAt }: DueHead, { staleness, maxAgeMs }: InboundLimits, now: string): boolean {
  if (work !== 'messages' || staleness === 'process' || maxAgeMs === undefined) return false
  return Date.parse(sentAt) + maxAgeMs < Date.parse(now)
}

/** Behind everything that was due at that moment: instants have milliseconds. */
function placeAfter(instant: string): DuePlace {
  return { ...FIRST_PLACE, dueAt: new Date(Date.parse(instant) + 1).toISOString() }
}

/** Starts to sweep. It never throws: what goes wrong is tried again. */
export function startSweeper<DB>(parts: SweeperParts<DB>): Sweeper {
  return new SweeperLoop(parts)
}
