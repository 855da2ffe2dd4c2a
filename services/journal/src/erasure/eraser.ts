import type { Bus } from '@daybook/bus'
import type { Database } from '@daybook/database'
import type { JournalReader } from '@daybook/eventing'
import { type Erasure, erasureOf, type JournalEvent } from '@daybook/events'
import { type Logger, Pause } from '@daybook/runtime'
import {
  ERASURE_STEPS,
  type ErasureStep,
  eraseBlobs,
  eraseDeadLetters,
  erasePayloads,
  readErasureProgress,
  saveErasureProgress,
} from '../store/erasures.ts'
import type { JournalTables } from '../store/tables.ts'
import { removeFromStream } from './remove-from-stream.ts'

/**
 * Carries out what the records of erasures say, in their order, place after place: the tables, and with them the dead
 * letters; the bundles of the archive; the blobs; JetStream.
 *
 * 1. A place remembers up to which record it is done, and only once it is. A process that ends in the middle leaves the
 *    rest to the next start; every work may be done again.
 * 2. A place that cannot be reached does not hold up the others: payloads go while NATS or the archive is away.
 * 3. No place is ahead of the tables: as long as a payload is there, its blobs are referred to, and the relay may publish
 *    it. A record may come while a round is under way; then it is for the next round.
 * 4. JetStream comes last: what the relay publishes afterwards, it has read from tables without the payloads.
 */
export interface Eraser extends AsyncDisposable {
  /** Does now what can be done now. Errors: those of the database. */
  carryOut(): Promise<void>
}

export interface EraserParts {
  database: Database<JournalTables>
  reader: JournalReader
  bus: Bus
  logger: Logger
  /** Drops the payloads that this process still holds in memory. */
  forgetHeld: () => void
  /** Takes erased payloads out of the bundles of the archive. False when one has to wait. */
  rewriteBundles: (tenant: string, erasure: Erasure) => Promise<boolean>
  /** Told how many records are not carried out everywhere yet. */
  onOpen?: (records: number) => void
}

/** Records of up to 500 events each: some 2 MiB. */
const PAGE = 10
/** Something waits for NATS, for the relay, or for a producer: soon again. */
const OPEN_MS = 1_000
/** Another instance may have recorded an erasure and have ended before it carried it out. */
const IDLE_MS = 60_000

type Work = (record: JournalEvent, erasure: Erasure) => Promise<boolean>

class ErasureLoop implements Eraser {
  readonly #parts: EraserParts
  readonly #works: Record<ErasureStep, Work>
  readonly #stopping = new AbortController()
  readonly #running: Promise<void>
  #round: Promise<void> = Promise.resolve()
  readonly #pause = new Pause()

  constructor(parts: EraserParts) {
    this.#parts = parts
    const { database, bus } = parts
    this.#works = {
      payloads: (record, erasure) => this.#erasePayloads(record, erasure),
      bundles: ({ tenant }, erasure) => parts.rewriteBundles(tenant, erasure),
      blobs: (record) => eraseBlobs(database, record.position),
      stream: (record, erasure) => removeFromStream({ database, bus }, record, erasure), // 4
    }
    this.#running = this.#runForEver()
  }

  async carryOut(): Promise<void> {
    // What cannot be done now is tried again soon.
    await this.#carryOutNext().finally(() => this.#pause.end())
  }

  /** One round at a time; a round that was asked for sees what was recorded before it was asked for. */
  #carryOutNext(): Promise<void> {
    const round = this.#round.then(() => this.#carryOutAll())
    this.#round = round.catch(() => {})
    return round
  }

  async #carryOutAll(): Promise<void> {
    for (const step of ERASURE_STEPS) {
      try {
        await this.#carryOutStep(step)
      } catch (error) {
        // 2; that the payload itself has not gone is the asker's to know.
        if (step === 'payloads') throw error
        this.#parts.logger.warn({ err: error, step }, 'an erasure cannot be carried out everywhere yet')
      }
    }
  }

  async #carryOutStep(step: ErasureStep): Promise<void> {
    const { database, reader } = this.#parts
    const progress = await readErasureProgress(database.kysely)
    const last = step === 'payloads' ? Number.POSITIVE_INFINITY : progress.payloads // 3
    for (let after = progress[step]; !this.#stopping.signal.aborted; ) {
      const { events: records, more } = await reader.readPage({ after, kinds: ['erasure'], limit: PAGE })
      for (const record of records) {
        if (record.position > last) return
        const erasure = erasureOf(record)
        if (erasure !== undefined && !(await this.#works[step](record, erasure))) return
        await saveErasureProgress(database, step, record.position) // 1
        after = record.position
      }
      if (!more) return
    }
  }

  async #erasePayloads({ tenant, position }: JournalEvent, erasure: Erasure): Promise<boolean> {
    const { database, forgetHeld, logger } = this.#parts
    const gone = await erasePayloads(database, position)
    const mentioned = [...erasure.events.map(({ id }) => id), ...wholeStreamOf(erasure)]
    await eraseDeadLetters(database, tenant, mentioned, erasure.erasureId)
    if (gone > 0) {
      logger.info({ erasureId: erasure.erasureId, position, events: gone }, 'payloads were erased')
    }
    forgetHeld()
    return true
  }

  async #runForEver(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      const open = await this.#carryOutNext()
        .then(() => this.#countOpen())
        .catch((error: unknown) => {
          this.#parts.logger.warn({ err: error }, 'erasures cannot be carried out; tried again')
          return 1
        })
      this.#parts.onOpen?.(open)
      if (!signal.aborted) await this.#pause.wait(open > 0 ? OPEN_MS : IDLE_MS)
    }
  }

  async #countOpen(): Promise<number> {
    const progress = await readErasureProgress(this.#parts.database.kysely)
    const after = Math.min(...ERASURE_STEPS.map((step) => progress[step]))
    return (await this.#parts.reader.page({ after, kinds: ['erasure'], limit: PAGE })).length
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    this.#pause.end()
    await this.#running
    await this.#round
  }
}

/** As the name of the stream stands in a request that was refused. */
function wholeStreamOf({ stream }: Erasure): string[] {
  return stream === undefined ? [] : [JSON.stringify(stream)]
}

/** Starts carrying out what is recorded, at once and for as long as it is open. */
export function startEraser(parts: EraserParts): Eraser {
  return new ErasureLoop(parts)
}
