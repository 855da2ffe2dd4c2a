import { setTimeout as pause } from 'node:timers/promises'
import type { Database } from '@daybook/database'
import { DaybookError } from '@daybook/errors'
import { journalReader } from '@daybook/eventing'
import type { SignerKey } from '@daybook/events'
import type { CheckResult, Logger } from '@daybook/runtime'
import type { JournalTables } from '../store/tables.ts'
import { type Sealed, sealNext } from './seal.ts'

/** How often the sealer looks how many events wait: one row, and a wait of at most this beyond the interval. */
const LOOK_MS = 1_000

export interface SealerOptions {
  readonly database: Database<JournalTables>
  readonly signer: SignerKey
  readonly origin: string
  /** New events wait for a checkpoint so long at most, or until there are so many. */
  readonly intervalMs: number
  readonly events: number
  readonly logger: Logger
  /** Told of each checkpoint. */
  readonly onSealed?: (checkpoint: { size: number; note: string }) => void
}

/** Seals the journal until it is disposed. */
export interface Sealer extends AsyncDisposable {
  /** Not ready while the journal is not what was sealed, or cannot be read. */
  state(): CheckResult
}

export function openSealer(options: SealerOptions): Sealer {
  const controller = new AbortController()
  const sealing = new Sealing(options)
  const running = sealing.run(controller.signal)
  return {
    state: () => sealing.state(),
    async [Symbol.asyncDispose]() {
      controller.abort()
      await running
    },
  }
}

class Sealing {
  readonly #options: SealerOptions
  #size = 0
  #sealedAt = Number.NEGATIVE_INFINITY
  #trouble: DaybookError | undefined

  constructor(options: SealerOptions) {
    this.#options = options
  }

  state(): CheckResult {
    if (this.#trouble === undefined) return { ok: true, detail: `sealed up to position ${this.#size}` }
    return { ok: false, reason: this.#trouble.message }
  }

  async run(signal: AbortSignal): Promise<void> {
    // What is there already is sealed at once, and checked.
    for (let isDue = true; !signal.aborted; isDue = await this.#isDue()) {
      if (isDue) await this.#sealAll(signal)
      await pause(LOOK_MS, undefined, { signal }).catch(() => {})
    }
  }

  async #isDue(): Promise<boolean> {
    const { database, events, intervalMs } = this.#options
    try {
      const waiting = (await journalReader(database.kysely).head()).position - this.#size
      return waiting >= events || performance.now() - this.#sealedAt >= intervalMs
    } catch {
      return true // sealing fails in the same way, and says so
    }
  }

  async #sealAll(signal: AbortSignal): Promise<void> {
    const { database, signer, origin } = this.#options
    try {
      let sealed: Sealed
      do {
        sealed = await sealNext(database, { signer, origin })
        if (sealed.checkpoint !== undefined) this.#keep(sealed.checkpoint, sealed.isNew)
      } while (sealed.more && !signal.aborted)
      this.#sealedAt = performance.now()
      this.#trouble = undefined
    } catch (error) {
      this.#report(error)
    }
  }

  #keep(checkpoint: { size: number; note: string }, isNew: boolean): void {
    this.#size = checkpoint.size
    if (!isNew) return
    this.#options.logger.debug({ size: checkpoint.size }, 'a checkpoint was sealed')
    this.#options.onSealed?.(checkpoint)
  }

  /** An altered journal is told each time: it must not scroll out of sight. */
  #report(error: unknown): void {
    const isAltered = error instanceof DaybookError && error.code === 'verification-failed'
    if (isAltered)
      this.#options.logger.fatal({ err: error }, 'the journal is not what was sealed; nothing is signed')
    else this.#options.logger.warn({ err: error }, 'the journal could not be sealed; it is tried again')
    this.#trouble =
      error instanceof DaybookError
        ? error
        : new DaybookError('internal', 'Sealing failed; the log says why.')
  }
}
