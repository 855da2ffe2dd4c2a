import { randomUUID } from 'node:crypto'
import { failureOf } from '@daybook/database'
import { Pause } from '@daybook/runtime'
import { type BuildEnd, build } from './build.ts'
import { BuildReporter } from './build-reporter.ts'
import { checkpointStore } from './checkpoint.ts'
import { type Generation, type GenerationStore, generationStore, type RebuildActor } from './generation.ts'
import { settleParked } from './parked-between.ts'
import type { ProjectionSpec } from './projection-spec.ts'

/** How soon another instance's rebuild is noticed, or one that was left behind is taken up. A look is one query. */
const LOOK_MS = 2_000
/** After a failure; the cause may be one that a person has to mend. */
const RETRY_MS = 10_000
/** No read of a replaced generation lasts as long: statements end after 15 seconds, and a read has a few of them. */
const REPLACED_FOR_MS = 60_000

/** The rebuilds of one projection: any instance can ask for one, and one of them builds it. */
export interface Rebuilds extends AsyncDisposable {
  /** All generations, newest first. */
  list(): Promise<Generation[]>
  /** What is being built, and how far it is; undefined if nothing is. */
  progress(): Promise<{ generation: Generation; position: number } | undefined>
  /** Builds the tables anew beside the running ones and switches them in, unless that is under way already. */
  request(reason: string, actor: RebuildActor): Promise<void>
  /** Gives up what is being built, at once; false if nothing is. The running generation goes on as before. */
  cancel(): Promise<boolean>
}

/** What the owner of the rebuilds may set and be told. */
export interface RebuildOptions {
  /** Told when a generation that this process built runs. */
  onSwitched?: () => void
  /** How often to look for work. */
  lookMs?: number
  /** How long replaced tables stay, for reads that are under way. */
  replacedForMs?: number
}

/**
 * 1. A version of the code that has never been built is built by itself, once: what a person cancelled stays so.
 * 2. An instance builds only what its own version fills.
 * 3. Whatever fails is tried again; the build goes on from its checkpoint.
 */
class RebuildLoop<DB> implements Rebuilds {
  readonly #spec: ProjectionSpec<DB>
  readonly #store: GenerationStore
  readonly #options: RebuildOptions
  readonly #builder = randomUUID()
  readonly #stopping = new AbortController()
  readonly #loop: Promise<void>
  readonly #pause = new Pause()
  #wanted = false
  #endBuild: () => void = () => {}

  constructor(spec: ProjectionSpec<DB>, options: RebuildOptions) {
    this.#spec = spec
    this.#store = generationStore(spec)
    this.#options = options
    this.#loop = this.#lookForEver()
  }

  list(): Promise<Generation[]> {
    return this.#store.list(this.#spec.database.kysely)
  }

  async progress(): Promise<{ generation: Generation; position: number } | undefined> {
    const { kysely } = this.#spec.database
    const generation = await this.#store.building(kysely)
    if (generation === undefined) return undefined
    const checkpoint = await checkpointStore({ ...this.#spec, ...generation })
      .find(kysely)
      .catch(async (error: unknown) => {
        // Given up and dropped since: there is no progress to tell of.
        if ((await this.#store.building(kysely))?.generation === generation.generation) throw error
        return undefined
      })
    // Kinds are applied together, in order of positions: the last event of any is how far it is.
    return { generation, position: Math.max(0, ...(checkpoint?.positions.values() ?? [])) }
  }

  async request(reason: string, actor: RebuildActor): Promise<void> {
    await this.#begin(reason, actor)
    this.#wanted = true
    this.#pause.end()
  }

  async cancel(): Promise<boolean> {
    const { database } = this.#spec
    const isCancelled = await database.transaction(async (trx) => {
      const building = await this.#store.building(trx)
      if (building === undefined || !(await this.#store.cancel(trx))) return false
      const running = await this.#store.running(trx)
      await settleParked(trx, { spec: this.#spec, leaving: building, staying: running })
      return true
    })
    if (isCancelled) this.#endBuild()
    return isCancelled
  }

  async #begin(reason: string, actor: RebuildActor): Promise<void> {
    const { database, version } = this.#spec
    await database.transaction((trx) => this.#store.begin(trx, { version, reason, actor }))
  }

  async #lookForEver(): Promise<void> {
    const { signal } = this.#stopping
    const { lookMs = LOOK_MS } = this.#options
    while (!signal.aborted) {
      this.#wanted = false
      const pauseMs = (await this.#tryLook()) ? lookMs : Math.max(lookMs, RETRY_MS)
      if (!signal.aborted && !this.#wanted) await this.#pause.wait(pauseMs)
    }
  }

  /** 3 */
  async #tryLook(): Promise<boolean> {
    try {
      await this.#look()
      return true
    } catch (error) {
      if (this.#stopping.signal.aborted) return true
      this.#spec.logger.error(
        { projection: this.#spec.name, err: error },
        'rebuilds cannot get on; it is tried again',
      )
      return false
    }
  }

  async #look(): Promise<void> {
    const { name, version, database } = this.#spec
    let generations = await this.list()
    if (!generations.some((generation) => generation.version >= version)) {
      // Services have their tables in a schema of their own name.
      const byItself: RebuildActor = { kind: 'service', id: this.#spec.schema }
      await this.#begin(`version ${version} of projection ${name}`, byItself) // 1
      generations = await this.list()
    }
    const building = generations.find(({ state }) => state === 'building')
    const isOurs = building?.version === version // 2
    if (isOurs && (await this.#store.claim(database.kysely, building.generation, this.#builder))) {
      await this.#build(building)
    }
    if (generations.some(({ endedAt, droppedAt }) => endedAt !== null && droppedAt === null))
      await this.#drop()
  }

  async #drop(): Promise<void> {
    const { replacedForMs = REPLACED_FOR_MS } = this.#options
    try {
      await this.#store.drop(this.#spec.database.kysely, replacedForMs)
    } catch (error) {
      // Somebody still reads them; the next look tries again.
      if (failureOf(error) !== 'conflict') throw error
    }
  }

  async #build(building: Generation): Promise<void> {
    const { name, logger } = this.#spec
    const at = { projection: name, generation: building.generation, version: building.version }
    logger.info(at, 'the read model is built anew beside the running one')
    const end = await this.#buildUntilEnd(building)
    logger.info(at, end === 'switched' ? 'the new read model runs' : 'the rebuild has stopped')
    if (end === 'switched') this.#options.onSwitched?.()
  }

  async #buildUntilEnd(building: Generation): Promise<BuildEnd> {
    const [spec, store, builder] = [this.#spec, this.#store, this.#builder]
    await using reporter = new BuildReporter({ spec, store, generation: building.generation, builder })
    this.#endBuild = () => reporter.end()
    const signal = AbortSignal.any([this.#stopping.signal, reporter.ended])
    try {
      return await build({ spec, store, ...reporter.listeners }, building, signal)
    } catch (error) {
      await reporter.fail(error)
      if (signal.aborted) return 'stopped'
      throw error
    } finally {
      await store.release(spec.database.kysely, building.generation, builder)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    this.#pause.end()
    await this.#loop
  }
}

/** Takes care of the rebuilds of a projection with generations, until it is disposed. */
export function startRebuilds<DB>(spec: ProjectionSpec<DB>, options: RebuildOptions = {}): Rebuilds {
  return new RebuildLoop(spec, options)
}
