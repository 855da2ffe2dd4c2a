import { median } from '../measure.ts'
import { requireTold } from './compare.ts'
import type { DaybookInbound, DaybookSession } from './daybook.ts'
import type { Filled } from './plan.ts'
import { sampleMessage } from './sample-message.ts'

/** What a receive and a claim cost in a source with few messages, and in one with many; medians over the turns. */
export interface FilledFigures extends Filled {
  receive: Costs
  claim: Costs
}

export interface Costs {
  smallMs: number
  largeMs: number
  /** What the large source reaches of the small one's pace; 1 is the same. */
  ratio: number
}

/** At once, so that it is the work that counts and not the wait for a single commit. */
const CALLERS = 16

export async function measureFilled(
  scenario: DaybookInbound,
  run: { filled: Filled; newSource: () => string; signal: AbortSignal; progress: (line: string) => void },
): Promise<FilledFigures> {
  const { filled, newSource, signal, progress } = run
  await using small = await Place.open(scenario, newSource(), filled.lanes)
  await using large = await Place.open(scenario, newSource(), filled.lanes)
  progress(`filling a source with ${filled.small} messages, and one with ${filled.large}`)
  await small.receive(filled.small)
  await large.receive(filled.large)
  await large.session.settle?.(signal)
  progress('measuring receives and claims in both, in turns')
  const perTurn = CALLERS * filled.claims
  const [receives, claims] = [new Costing(), new Costing()]
  for (let turn = 0; turn < filled.turns; turn += 1) {
    signal.throwIfAborted()
    const places = [small, large]
    // Who begins changes.
    for (const place of turn % 2 === 0 ? places : places.toReversed()) {
      const size = place === small ? 'smallMs' : 'largeMs'
      receives[size].push(await place.receive(perTurn))
      claims[size].push(await place.claim(perTurn))
    }
  }
  return { ...filled, receive: receives.costs, claim: claims.costs }
}

class Costing {
  readonly smallMs: number[] = []
  readonly largeMs: number[] = []

  get costs(): Costs {
    const [smallMs, largeMs] = [median(this.smallMs), median(this.largeMs)]
    return { smallMs, largeMs, ratio: smallMs / largeMs }
  }
}

/** A source that is measured. */
class Place implements AsyncDisposable {
  readonly session: DaybookSession
  readonly #source: string
  readonly #lanes: number
  #received = 0

  private constructor(session: DaybookSession, source: string, lanes: number) {
    this.session = session
    this.#source = source
    this.#lanes = lanes
  }

  static async open(scenario: DaybookInbound, source: string, lanes: number): Promise<Place> {
    return new Place(await scenario.open({ callers: CALLERS, source }), source, lanes)
  }

  /** Brings so many new messages; answers the milliseconds for each. */
  async receive(count: number): Promise<number> {
    const startedAt = performance.now()
    await atOnce(count, async () => {
      const number = this.#received
      this.#received += 1
      requireTold(await this.session.receive(sampleMessage(this.#source, number, this.#lanes)), 'new')
    })
    return (performance.now() - startedAt) / count
  }

  /** Claims and completes so many messages, one by one; answers the milliseconds for each claim. */
  async claim(count: number): Promise<number> {
    let claimingMs = 0
    await atOnce(count, async () => {
      const startedAt = performance.now()
      const [claimed] = await this.session.claim(1, '5s')
      claimingMs += performance.now() - startedAt
      if (claimed === undefined) throw new TypeError('there was nothing to claim')
      await this.session.complete(claimed)
    })
    return claimingMs / count
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.session[Symbol.asyncDispose]()
  }
}

async function atOnce(count: number, request: () => Promise<void>): Promise<void> {
  let left = count
  const caller = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      await request()
    }
  }
  await Promise.all(Array.from({ length: CALLERS }, caller))
}
