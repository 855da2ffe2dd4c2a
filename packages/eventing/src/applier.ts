import type { JournalEvent } from '@daybook/events'
import type { Transaction } from 'kysely'
import { kindOf, planBatch, type RelayedEvent } from './batch.ts'
import { type Checkpoint, type CheckpointStore, checkpointStore, lowestPosition } from './checkpoint.ts'
import { BATCH_BYTES_MAX, BATCH_MAX, CheckpointMoved, Committer } from './committer.ts'
import { type JournalHead, type JournalPage, type JournalReader, journalReader } from './journal-reader.ts'
import { type ParkingStore, parkingStore } from './parking.ts'
import type { PositionedRead, ProjectionSpec } from './projection-spec.ts'
import { restoredWithoutEra } from './restored.ts'

/** What an instance knew of its read model at some moment. */
export interface Seen {
  position: number
  checkpoint: Checkpoint | undefined
}

/** The tables were replaced or given up; no event is applied to them any more. */
class GenerationEnded extends Error {
  constructor() {
    super('these tables of the projection have been replaced or given up')
  }
}

/**
 * Moves a read model along the journal.
 *
 * 1. The read model's changes and the checkpoint are one transaction, and the checkpoint moves first: of two instances
 *    with the same batch the second waits at the row, finds it moved, and changes nothing.
 * 2. No event is left out: a message is applied only if its predecessor of the same kind is the checkpoint. Everything
 *    else, and everything in doubt, is read from the journal.
 * 3. After any error the checkpoint is read again, since a transaction whose commit broke may have happened.
 * 4. An event that cannot be applied costs its own stream and no other (see `Committer`): a read model with a hole in a
 *    stream would be wrong for ever, so the stream is left out from there on, and whoever reads it is told.
 * 5. The era of `journal.head` is the truth. One that grew means that the journal was restored: start over.
 * 6. A journal that ends before what was applied went back in time without a new era: that is told, not waited out.
 *
 * The caller runs one method at a time.
 */
export class Applier<DB> {
  readonly #spec: ProjectionSpec<DB>
  readonly #store: CheckpointStore
  readonly #parking: ParkingStore
  readonly #committer: Committer<DB>
  readonly #journal: JournalReader
  readonly #advanced: () => void
  #position = 0
  /** The furthest that was reached in this era. */
  #furthest = 0
  #era: number | undefined
  #parked = 0
  #isSettled = false
  #head: number | undefined

  /** @param before of the tables that these took the place of: what it knew of its position holds for them too. */
  constructor(spec: ProjectionSpec<DB>, advanced: () => void, before?: Applier<DB>) {
    this.#spec = spec
    this.#store = checkpointStore(spec)
    this.#parking = parkingStore(spec)
    this.#committer = new Committer({ spec, store: this.#store, parking: this.#parking })
    this.#journal = journalReader(spec.database.kysely, spec.archive)
    this.#advanced = advanced
    if (before === undefined) return
    this.#position = before.#position
    this.#furthest = before.#furthest
    this.#era = before.#era
    this.#head = before.#head
    this.#committer.checkpoint = before.#committer.checkpoint
  }

  get position(): number {
    return this.#position
  }

  get lag(): number | undefined {
    return this.#head === undefined ? undefined : Math.max(0, this.#head - this.#position)
  }

  /** Streams that are left out, as of the last comparison. */
  get parked(): number {
    return this.#parked
  }

  /**
   * Applies messages of the relay; where they leave a gap, all there is in the journal. Answers false if the signal
   * ended it before everything was applied.
   */
  async take(messages: readonly (RelayedEvent | undefined)[], signal: AbortSignal): Promise<boolean> {
    const known = this.#committer.checkpoint
    const plan = known === undefined ? undefined : planBatch(known, messages)
    if (known === undefined || plan?.step !== 'apply') return this.catchUp(signal)
    try {
      await this.#committer.apply(plan.events)
      this.#reached(lowestPosition(this.#committer.checkpoint ?? known))
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
    await this.#requireNotAhead(head)
    await this.#takeUpRequeued(head.era, signal)
    // Up to its position there is nothing left of our kinds, however far back the last event of a rare one is.
    const from = Math.max(this.#lowest(), this.#position)
    for (let page = this.#pageAfter(from); !signal.aborted; ) {
      const { events, more } = await page
      const last = events.at(-1)?.position ?? from
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
    this.#committer.checkpoint = undefined
  }

  /** Reads the read model for one tenant, in one snapshot, and tells how far it was then. */
  async read<T>(tenant: string, work: (trx: Transaction<DB>) => Promise<T>): Promise<PositionedRead<T>> {
    const seen = this.seen()
    return this.#spec.database.asTenant(tenant, async (trx) => {
      const position = await this.positionIn(trx, seen)
      return { value: await work(trx), position }
    })
  }

  /** What this instance knows now; taken before a snapshot, it holds in it. */
  seen(): Seen {
    return { position: this.#position, checkpoint: this.#committer.checkpoint }
  }

  /**
   * How far the read model is in the snapshot of a transaction. The events of other kinds move the journal, yet no row of
   * ours: that the read model is past them only an instance knows, from before the snapshot.
   */
  async positionIn(trx: Transaction<DB>, { position, checkpoint }: Seen): Promise<number> {
    const stored = await this.#store.find(trx)
    const lowest = stored === undefined ? 0 : lowestPosition(stored)
    // Rows that went back were emptied for a rebuild; what was seen before tells nothing about them.
    const holds =
      stored?.era === checkpoint?.era && checkpoint !== undefined && lowest >= lowestPosition(checkpoint)
    return holds ? Math.max(position, lowest) : lowest
  }

  async #load(era: number): Promise<void> {
    let stored = await this.#findOrCreate(era)
    if (stored.era > era) {
      throw restoredWithoutEra(`The projection has seen era ${stored.era}, the journal is in era ${era}`)
    }
    while (stored.era < era) stored = await this.#startOver(stored, era)
    // Another instance may have started over; then what was reached here belongs to the old era.
    if (this.#era !== era) {
      this.#position = 0
      this.#furthest = 0
    }
    this.#era = era
    this.#committer.checkpoint = stored
    // Perhaps further than this instance knew: another one did it, or a batch that failed in its middle.
    this.#reached(lowestPosition(stored))
  }

  /** 6. The head is read again before it is blamed: another instance may have got on since. */
  async #requireNotAhead({ position, era }: JournalHead): Promise<void> {
    const applied = Math.max(this.#furthest, ...(this.#committer.checkpoint?.positions.values() ?? []))
    if (applied <= position) return
    const now = await this.#journal.head()
    if (now.era !== era || applied <= now.position) return
    this.#position = this.#lowest()
    throw restoredWithoutEra(
      `The projection has applied position ${applied}, the journal ends at ${now.position}`,
    )
  }

  async #findOrCreate(era: number): Promise<Checkpoint> {
    const { kysely } = this.#spec.database
    const stored = await this.#store.find(kysely)
    if (stored !== undefined) return stored
    // Rows that are gone may have been taken away, and must not come back.
    if ((await this.#spec.isCurrent?.(kysely)) === false) throw new GenerationEnded()
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
      if (!(await this.#store.move(trx, from, to))) return
      await spec.reset(trx)
      await this.#parking.releaseAll(trx)
    })
    return this.#findOrCreate(era)
  }

  async #tryApply(events: readonly JournalEvent[]): Promise<boolean> {
    try {
      await this.#committer.apply(events)
      return true
    } catch (error) {
      if (error instanceof CheckpointMoved) return false
      throw error
    }
  }

  /** Streams that a person wants to be tried again; before all else, so that they are also when nothing else gets on. */
  async #takeUpRequeued(era: number, signal: AbortSignal): Promise<void> {
    const { database, name, metrics } = this.#spec
    if (!this.#isSettled && this.#spec.isBeside !== true)
      await this.#parking.settlePassed(database.kysely, this.#lowest())
    this.#isSettled = true
    this.#parked = await this.#parking.count(database.kysely)
    metrics?.parked(name, this.#parked)
    const requeued = this.#parked === 0 ? [] : await this.#parking.listRequeued(database.kysely)
    for (const parked of requeued) {
      if (signal.aborted) return
      try {
        await this.#committer.takeUp(parked, signal)
      } catch (error) {
        if (!(error instanceof CheckpointMoved)) throw error
        // Another instance is at work; what it leaves undone the next comparison finds again.
        await this.#load(era)
      }
    }
  }

  #lowest(): number {
    const { checkpoint } = this.#committer
    return checkpoint === undefined ? 0 : lowestPosition(checkpoint)
  }

  #isNew(event: JournalEvent): boolean {
    return (
      event.position > (this.#committer.checkpoint?.positions.get(kindOf(event)) ?? Number.POSITIVE_INFINITY)
    )
  }

  #reached(position: number): void {
    this.#head = Math.max(this.#head ?? 0, position)
    if (position <= this.#position) return
    this.#position = position
    this.#furthest = Math.max(this.#furthest, position)
    this.#advanced()
  }
}
