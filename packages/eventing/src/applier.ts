import { failureOf } from '@daybook/database'
import { DaybookError } from '@daybook/errors'
import type { JournalEvent } from '@daybook/events'
import type { Transaction } from 'kysely'
import { checkpointAfter, kindOf, planBatch, type RelayedEvent } from './batch.ts'
import { type Checkpoint, type CheckpointStore, checkpointStore, lowestPosition } from './checkpoint.ts'
import { type JournalPage, type JournalReader, journalReader } from './journal-reader.ts'
import type { PositionedRead, ProjectionSpec } from './projection-spec.ts'

/** Measured: larger transactions are hardly faster, and a reader of the read model waits longer for news. */
const BATCH_MAX = 1_000
/** What one batch may hold in memory, whatever the size of its events. */
const BATCH_BYTES_MAX = 8 * 1024 * 1024

/** Another instance moved the checkpoint first; nothing of this transaction stays. */
class CheckpointMoved extends Error {}

/** One event that cannot be applied for a reason of its own. */
export class StuckAtEvent extends Error {
  readonly position: number
  constructor(event: JournalEvent, cause: unknown) {
    super(`${event.type} in ${event.stream}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    })
    this.position = event.position
  }
}

/** The events are not to blame: the database was busy or away. */
function isTransient(error: unknown): boolean {
  if (error instanceof DaybookError)
    return error.code === 'unavailable' || error.code === 'overloaded' || error.code === 'timeout'
  return failureOf(error) !== 'other'
}

/**
 * Moves a read model along the journal.
 *
 * 1. The read model's changes and the checkpoint are one transaction, and the checkpoint moves first: of two instances
 *    with the same batch the second waits at the row, finds it moved, and changes nothing.
 * 2. No event is left out: a message is applied only if its predecessor of the same kind is the checkpoint. Everything
 *    else, and everything in doubt, is read from the journal.
 * 3. After any error the checkpoint is read again, since a transaction whose commit broke may have happened.
 * 4. An event that cannot be applied stops what comes after it: a read model with a hole would be wrong for ever.
 * 5. The era of `journal.head` is the truth. One that grew means that the journal was restored: start over.
 *
 * The caller runs one method at a time.
 */
export class Applier<DB> {
  readonly #spec: ProjectionSpec<DB>
  readonly #store: CheckpointStore
  readonly #journal: JournalReader
  readonly #advanced: () => void
  #checkpoint: Checkpoint | undefined
  #position = 0
  #head: number | undefined

  constructor(spec: ProjectionSpec<DB>, advanced: () => void) {
    this.#spec = spec
    this.#store = checkpointStore(spec)
    this.#journal = journalReader(spec.database.kysely)
    this.#advanced = advanced
  }

  get position(): number {
    return this.#position
  }

  get lag(): number | undefined {
    return this.#head === undefined ? undefined : Math.max(0, this.#head - this.#position)
  }

  /**
   * Applies messages of the relay; where they leave a gap, all there is in the journal. Answers false if the signal
   * ended it before everything was applied.
   */
  async take(messages: readonly (RelayedEvent | undefined)[], signal: AbortSignal): Promise<boolean> {
    const known = this.#checkpoint
    const plan = known === undefined ? undefined : planBatch(known, messages)
    if (known === undefined || plan?.step !== 'apply') return this.catchUp(signal)
    try {
      await this.#apply(plan.events)
      this.#reached(lowestPosition(this.#checkpoint ?? known))
      return true
    } catch (error) {
      if (!(error instanceof CheckpointMoved)) throw error
      return this.catchUp(signal)
    }
  }

  /** Applies everything up to the head that the journal has when this begins; false if the signal ended it before. */
  async catchUp(signal: AbortSignal): Promise<boolean> {
    const head = await this.#journal.head()
    this.#head = head.position
    await this.#load(head.era)
    for (let page = this.#pageAfter(this.#lowest()); !signal.aborted; ) {
      const { events, more } = await page
      const last = events.at(-1)?.position ?? this.#lowest()
      // The next page is read while this one is applied.
      if (more) page = this.#pageAfter(last)
      if (await this.#tryApply(events.filter((event) => this.#isNew(event)))) {
        this.#reached(more ? last : Math.max(last, head.position))
        if (!more) return true
      } else {
        await this.#load(head.era)
        page = this.#pageAfter(this.#lowest())
      }
    }
    return false
  }

  #pageAfter(after: number): Promise<JournalPage> {
    const { batchMax = BATCH_MAX, kinds } = this.#spec
    const page = this.#journal.readPage({ after, kinds, limit: batchMax, bytesMax: BATCH_BYTES_MAX })
    // It may fail before anybody waits for it, and nobody may ever; whoever does still gets the error.
    page.catch(() => {})
    return page
  }

  /** Forgets the checkpoint, so that the next step reads it again. 3 */
  forget(): void {
    this.#checkpoint = undefined
  }

  /**
   * Reads the read model for one tenant, in one snapshot, and tells how far it was then. The events of other kinds move
   * the journal, yet no row of ours: that the read model is past them only this instance knows, from before the snapshot.
   */
  async read<T>(tenant: string, work: (trx: Transaction<DB>) => Promise<T>): Promise<PositionedRead<T>> {
    const [seen, checkpoint] = [this.#position, this.#checkpoint]
    return this.#spec.database.asTenant(tenant, async (trx) => {
      const stored = await this.#store.find(trx)
      const lowest = stored === undefined ? 0 : lowestPosition(stored)
      // Rows that went back were emptied for a rebuild; what was seen before tells nothing about them.
      const holds =
        stored?.era === checkpoint?.era && checkpoint !== undefined && lowest >= lowestPosition(checkpoint)
      return { value: await work(trx), position: holds ? Math.max(seen, lowest) : lowest }
    })
  }

  async #load(era: number): Promise<void> {
    let stored = await this.#findOrCreate(era)
    if (stored.era > era) {
      throw new DaybookError(
        'internal',
        `The journal is of era ${era}, the projection has seen era ${stored.era}. The journal was restored without a new era: raise it in journal.head.`,
      )
    }
    while (stored.era < era) stored = await this.#startOver(stored, era)
    this.#checkpoint = stored
    // Perhaps further than this instance knew: another one did it, or a batch that failed in its middle.
    this.#reached(lowestPosition(stored))
  }

  async #findOrCreate(era: number): Promise<Checkpoint> {
    const { kysely } = this.#spec.database
    const stored = await this.#store.find(kysely)
    if (stored !== undefined) return stored
    await this.#store.ensure(kysely, era)
    const created = await this.#store.find(kysely)
    if (created === undefined) throw new Error(`projection ${this.#spec.name} names a kind twice`)
    return created
  }

  /** 5 */
  async #startOver(from: Checkpoint, era: number): Promise<Checkpoint> {
    const spec = this.#spec
    const to: Checkpoint = { era, positions: new Map(spec.kinds.map((kind) => [kind, 0])) }
    spec.logger.warn(
      { projection: spec.name, era, before: from.era },
      'the journal has a new era; the read model is built again',
    )
    this.#position = 0
    await spec.database.transaction(async (trx) => {
      if (await this.#store.move(trx, from, to)) await spec.reset(trx)
    })
    return this.#findOrCreate(era)
  }

  async #tryApply(events: readonly JournalEvent[]): Promise<boolean> {
    try {
      await this.#apply(events)
      return true
    } catch (error) {
      if (error instanceof CheckpointMoved) return false
      throw error
    }
  }

  /** Halves a batch that fails until the event to blame is alone: those before it are applied, and it is named. 4 */
  async #apply(events: readonly JournalEvent[]): Promise<void> {
    const [first] = events
    if (first === undefined) return
    try {
      await this.#commit(events)
    } catch (error) {
      if (error instanceof CheckpointMoved || isTransient(error)) throw error
      if (events.length === 1) throw new StuckAtEvent(first, error)
      const middle = Math.ceil(events.length / 2)
      await this.#apply(events.slice(0, middle))
      await this.#apply(events.slice(middle))
    }
  }

  async #commit(events: readonly JournalEvent[]): Promise<void> {
    const from = this.#checkpoint
    if (from === undefined) throw new CheckpointMoved()
    const to = checkpointAfter(from, events)
    await this.#spec.database.transaction(async (trx) => {
      if (!(await this.#store.move(trx, from, to))) throw new CheckpointMoved() // 1
      await this.#spec.apply(trx, events)
    })
    this.#checkpoint = to
    this.#spec.metrics?.applied(this.#spec.name, events.length)
  }

  #lowest(): number {
    return this.#checkpoint === undefined ? 0 : lowestPosition(this.#checkpoint)
  }

  #isNew(event: JournalEvent): boolean {
    return event.position > (this.#checkpoint?.positions.get(kindOf(event)) ?? Number.POSITIVE_INFINITY)
  }

  #reached(position: number): void {
    this.#head = Math.max(this.#head ?? 0, position)
    if (position <= this.#position) return
    this.#position = position
    this.#advanced()
  }
}
