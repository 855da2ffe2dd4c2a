import { DaybookError } from '@daybook/errors'
import type { QueryExecutorProvider, Transaction } from 'kysely'
import { Applier } from './applier.ts'
import type { RelayedEvent } from './batch.ts'
import { type Generation, type GenerationStore, generationStore, useTables } from './generation.ts'
import { type ParkedReads, parkingStore } from './parking.ts'
import type { ApplyEvents, PositionedRead, ProjectionSpec } from './projection-spec.ts'

/** What a ProjectionLoop drives. */
export type EventApplier<DB> = Pick<
  Applier<DB>,
  'position' | 'lag' | 'parked' | 'take' | 'catchUp' | 'forget' | 'read'
>

/** The projection as it is in one generation: its tables, and the code of its version. */
export function specOf<DB>(
  spec: ProjectionSpec<DB>,
  { tables, version }: Pick<Generation, 'tables' | 'version'>,
  apply: ApplyEvents<DB>,
): ProjectionSpec<DB> {
  return {
    ...spec,
    tables,
    version,
    async apply(trx, events) {
      await useTables(trx, tables)
      await apply(trx, events)
    },
    async applyLeftOut(trx, leftOut) {
      await useTables(trx, tables)
      await spec.applyLeftOut?.(trx, leftOut)
    },
    async reset(trx) {
      await useTables(trx, tables)
      await spec.reset(trx)
    },
  }
}

/**
 * Applies events to the generation that runs, whichever that is.
 *
 * 1. Which one runs is asked before every comparison with the journal, and in the snapshot of every read. A read never
 *    mixes two of them.
 * 2. A switch takes the checkpoints of the generation that it replaces away. A batch that comes too late finds none and
 *    changes nothing; it is then for the new one.
 * 3. A switch never goes back, so what this instance knew of its position holds on.
 */
export class GenerationApplier<DB> implements EventApplier<DB> {
  readonly #spec: ProjectionSpec<DB>
  readonly #store: GenerationStore
  readonly #advanced: () => void
  /** Of the transactions of reads, each for its generation. */
  readonly #parkedAt = new WeakMap<QueryExecutorProvider, ParkedReads>()
  #generation: number | undefined
  #applier: Applier<DB>

  constructor(spec: ProjectionSpec<DB>, advanced: () => void) {
    this.#spec = spec
    this.#store = generationStore(spec)
    this.#advanced = advanced
    this.#applier = new Applier(spec, advanced)
  }

  get position(): number {
    return this.#applier.position
  }

  get lag(): number | undefined {
    return this.#applier.lag
  }

  get parked(): number {
    return this.#applier.parked
  }

  forget(): void {
    this.#applier.forget()
  }

  async take(messages: readonly (RelayedEvent | undefined)[], signal: AbortSignal): Promise<boolean> {
    if (this.#generation === undefined) return this.catchUp(signal)
    try {
      return await this.#applier.take(messages, signal)
    } catch (error) {
      if (await this.#runs()) throw error
      return this.catchUp(signal)
    }
  }

  async catchUp(signal: AbortSignal): Promise<boolean> {
    for (;;) {
      await this.#locate()
      try {
        return await this.#applier.catchUp(signal)
      } catch (error) {
        if (signal.aborted || (await this.#runs())) throw error
      }
    }
  }

  /** 1 */
  read<T>(tenant: string, work: (trx: Transaction<DB>) => Promise<T>): Promise<PositionedRead<T>> {
    // Together: the first comparison with the journal may set them while this waits for the database.
    const [generation, applier, seen] = [this.#generation, this.#applier, this.#applier.seen()]
    return this.#spec.database.asTenant(tenant, async (trx) => {
      const running = await this.#store.enterRunning(trx)
      this.#parkedAt.set(trx, parkingStore({ ...this.#spec, ...running }))
      const position =
        running.generation === generation
          ? await applier.positionIn(trx, seen)
          : await this.#applierOf(running, applier).positionIn(trx, seen)
      return { value: await work(trx), position }
    })
  }

  /** Parked streams of the generation that a `read` reads. */
  readonly parkedReads: ParkedReads = {
    find: (executor, key) => this.#parkedIn(executor).find(executor, key),
    list: (executor, tenant) => this.#parkedIn(executor).list(executor, tenant),
  }

  #parkedIn(executor: QueryExecutorProvider): ParkedReads {
    const reads = this.#parkedAt.get(executor)
    if (reads === undefined) throw new Error('parked streams are asked for outside of a read')
    return reads
  }

  async #runs(): Promise<boolean> {
    return (await this.#store.running(this.#spec.database.kysely)).generation === this.#generation
  }

  /** 1, 3 */
  async #locate(): Promise<void> {
    const running = await this.#store.running(this.#spec.database.kysely)
    if (running.generation === this.#generation) return
    this.#applier = this.#applierOf(running, this.#applier)
    this.#generation = running.generation
  }

  #applierOf(running: Generation, before: Applier<DB>): Applier<DB> {
    const isCurrent = async (executor: QueryExecutorProvider) =>
      (await this.#store.running(executor)).generation === running.generation
    const spec = { ...specOf(this.#spec, running, this.#codeOf(running)), isCurrent }
    return new Applier(spec, this.#advanced, before)
  }

  #codeOf({ version, generation }: Generation): ApplyEvents<DB> {
    const { version: own, apply, generations } = this.#spec
    const code = version === own ? apply : generations?.earlier?.[version]
    if (code !== undefined) return code
    return async () => {
      throw new DaybookError(
        'unavailable',
        `Generation ${generation} of projection ${this.#spec.name} is of version ${version}, this process knows version ${own}: it is read, and changes no more until one of version ${own} is built.`,
      )
    }
  }
}
