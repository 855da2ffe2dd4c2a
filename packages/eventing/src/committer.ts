import { type JournalEvent, upcastEvent } from '@daybook/events'
import { traceIdOf } from '@daybook/runtime'
import type { QueryExecutorProvider, Transaction } from 'kysely'
import { checkpointAfter, kindOf } from './batch.ts'
import { isFaultOfEvent, messageOf, StuckAtEvent } from './blame.ts'
import type { Checkpoint, CheckpointStore } from './checkpoint.ts'
import { failpoints } from './failpoints.ts'
import { type JournalPage, journalReader } from './journal-reader.ts'
import type { ParkedStream, ParkingStore } from './parking.ts'
import type { PayloadArchive } from './payload-archive.ts'
import type { ProjectionSpec } from './projection-spec.ts'

/** Measured: larger transactions are hardly faster, and a reader of the read model waits longer for news. */
export const BATCH_MAX = 1_000
/** What one batch may hold in memory, whatever the size of its events. */
export const BATCH_BYTES_MAX = 8 * 1024 * 1024
/**
 * More streams than this, and nobody has looked at any: then the fault is the projection's own, and it stops as it would
 * for a lost database, instead of leaving out the whole journal bit by bit.
 */
const PARKED_OPEN_MAX = 1_000

/** Another instance moved the checkpoint first; nothing of this transaction stays. */
export class CheckpointMoved extends Error {}

export interface CommitterParts<DB> {
  spec: ProjectionSpec<DB>
  store: CheckpointStore
  parking: ParkingStore
}

/**
 * The transactions of a projection.
 *
 * 1. The checkpoint moves first in each. Where it stays it is moved to itself: its rows are the lock under which the
 *    parked streams are read and changed, so no instance skips a stream that another one has just taken up again.
 * 2. An event that cannot be applied parks its stream in the transaction in which the checkpoint passes it. What comes
 *    after it in that stream is left out, what is in other streams is not.
 * 3. A parked stream goes on at the event it was parked at, and is free again in the transaction that applies the last
 *    event before the checkpoint. So each of its events is applied once and in order.
 */
export class Committer<DB> {
  readonly #spec: ProjectionSpec<DB>
  readonly #store: CheckpointStore
  readonly #parking: ParkingStore
  /** Where the read model is, as far as this instance knows; undefined while it is in doubt. */
  checkpoint: Checkpoint | undefined

  constructor({ spec, store, parking }: CommitterParts<DB>) {
    this.#spec = spec
    this.#store = store
    this.#parking = parking
  }

  /** Applies what follows the checkpoint. Halves a batch that fails until the event to blame is alone. 2 */
  async apply(events: readonly JournalEvent[]): Promise<void> {
    const [first] = events
    if (first === undefined) return
    try {
      await this.#commit(events)
    } catch (error) {
      if (error instanceof CheckpointMoved || !isFaultOfEvent(error)) throw error
      if (events.length === 1) return this.#park(first, error)
      const middle = Math.ceil(events.length / 2)
      await this.apply(events.slice(0, middle))
      await this.apply(events.slice(middle))
    }
  }

  /** In the newest versions of their types: what is applied need not know how events once looked. */
  #apply(trx: Transaction<DB>, events: readonly JournalEvent[]): Promise<void> {
    return this.#spec.apply(trx, events.map(this.#spec.upcast ?? upcastEvent))
  }

  async #commit(events: readonly JournalEvent[]): Promise<void> {
    const from = this.#known()
    const to = checkpointAfter(from, events)
    const startedAtMs = Date.now()
    const applied = await this.#spec.database.transaction(async (trx) => {
      if (!(await this.#store.move(trx, from, to))) throw new CheckpointMoved() // 1
      const { wanted, leftOut } = await this.#parking.divide(trx, events)
      if (wanted.length > 0) await this.#apply(trx, wanted)
      if (leftOut.length > 0) await this.#spec.applyLeftOut?.(trx, leftOut)
      failpoints.beforeCommit.publish(undefined)
      return wanted
    })
    failpoints.afterCommit.publish(undefined)
    this.checkpoint = to
    this.#spec.metrics?.applied(this.#spec.name, applied.length)
    this.#spec.tracing?.record('apply', applied, {
      startedAtMs,
      endedAtMs: Date.now(),
      attributes: { 'daybook.projection': this.#spec.name, 'daybook.batch.events': applied.length },
    })
  }

  /** 2 */
  async #park(event: JournalEvent, cause: unknown): Promise<void> {
    const from = this.#known()
    const to = checkpointAfter(from, [event])
    const deadLetterId = await this.#spec.database.transaction(async (trx) => {
      if (!(await this.#store.move(trx, from, to))) throw new CheckpointMoved()
      const open = await this.#parking.countOpen(trx)
      if (open >= (this.#spec.parkedOpenMax ?? PARKED_OPEN_MAX)) throw new StuckAtEvent(event, cause)
      return this.#parking.park(trx, event, messageOf(cause))
    })
    this.checkpoint = to
    this.#tell(event, { cause, deadLetterId })
  }

  /** Takes up a parked stream again, page by page, until it is free or another event of it cannot be applied. 3 */
  async takeUp(parked: ParkedStream, signal: AbortSignal): Promise<void> {
    let limit = this.#spec.batchMax ?? BATCH_MAX
    while (!signal.aborted) {
      try {
        if ((await this.#takeUpPage(parked, limit)) === 'free') return
      } catch (error) {
        if (!isFaultOfEvent(error) || error instanceof CheckpointMoved) throw error
        if (limit === 1) return this.#parkAgain(parked, error)
        limit = Math.ceil(limit / 2)
      }
    }
  }

  async #takeUpPage(parked: ParkedStream, limit: number): Promise<'free' | 'more'> {
    const from = this.#known()
    return this.#spec.database.transaction(async (trx) => {
      if (!(await this.#store.move(trx, from, from))) throw new CheckpointMoved() // 1
      const current = await this.#parking.find(trx, parked)
      if (current === undefined) return 'free'
      const { events, more } = await leftOut(trx, { ...current, limit, upTo: from }, this.#spec.archive)
      if (events.length > 0) await this.#apply(trx, events)
      const last = events.at(-1)
      if (more && last !== undefined) {
        await this.#parking.advance(trx, parked, last)
        return 'more'
      }
      await this.#parking.release(trx, parked)
      return 'free'
    })
  }

  /** 2 */
  async #parkAgain(parked: ParkedStream, cause: unknown): Promise<void> {
    const from = this.#known()
    const event = await this.#spec.database.transaction(async (trx) => {
      if (!(await this.#store.move(trx, from, from))) throw new CheckpointMoved()
      const current = await this.#parking.find(trx, parked)
      const [first] =
        current === undefined
          ? []
          : (await leftOut(trx, { ...current, limit: 1, upTo: from }, this.#spec.archive)).events
      if (first !== undefined) await this.#parking.park(trx, first, messageOf(cause))
      return first
    })
    if (event !== undefined) this.#tell(event, { cause, deadLetterId: parked.deadLetterId })
  }

  #known(): Checkpoint {
    if (this.checkpoint === undefined) throw new CheckpointMoved()
    return this.checkpoint
  }

  #tell(event: JournalEvent, { cause, deadLetterId }: { cause: unknown; deadLetterId: string }): void {
    const { tenant, stream, seq, position, type } = event
    const traceId = traceIdOf(event.traceparent)
    this.#spec.logger.error(
      { projection: this.#spec.name, tenant, stream, seq, position, type, deadLetterId, traceId, err: cause },
      'an event cannot be applied; its stream is left out from there on',
    )
  }
}

/** What was left out of a parked stream and lies before the checkpoint; what lies behind it comes as all else does. */
async function leftOut(
  executor: QueryExecutorProvider,
  { tenant, stream, seq, limit, upTo }: ParkedStream & { limit: number; upTo: Checkpoint },
  archive: PayloadArchive | undefined,
): Promise<JournalPage> {
  const page = await journalReader(executor, archive).readPage({
    tenant,
    stream,
    after: seq - 1,
    limit,
    bytesMax: BATCH_BYTES_MAX,
  })
  const events = page.events.filter((event) => event.position <= (upTo.positions.get(kindOf(event)) ?? 0))
  return { events, more: page.more && events.length === page.events.length }
}
