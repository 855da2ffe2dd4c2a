import { setTimeout as delay } from 'node:timers/promises'
import type { Bus } from '@daybook/bus'
import { subjects } from '@daybook/events'
import type { Logger } from '@daybook/runtime'
import type { JournalHead } from './journal-reader.ts'
import { journalRestored } from './restored.ts'

/** Tells when the journal has grown. */
export interface HeadWatcher extends AsyncDisposable {
  /** The last position that is known to be in the journal; it may have grown since. */
  readonly position: number
  /** The era of that position; undefined before the first look. */
  readonly era: number | undefined
  /**
   * Waits until the journal's head is beyond `position` and answers the head. Rejects when the signal aborts, and with
   * `journal-restored` when the era changes meanwhile: the position would be one of another past.
   */
  waitBeyond(position: number, signal: AbortSignal): Promise<number>
  /** Tells what somebody else has just read from the database: what is known from before a restore is then forgotten. */
  note(head: JournalHead): void
}

export interface HeadWatcherParts {
  /** Reads the head from the database. */
  readHead: () => Promise<JournalHead>
  /** Without a bus, or while it is down, only the poll looks. */
  bus?: Bus
  logger: Logger
  /** How often to look without having been told. */
  pollMs?: number
}

/** A lost signal delays a live tail by this much; a look is one row by its primary key. */
const POLL_MS = 1_000
/** A busy journal signals with each commit; two looks in less time than this see hardly anything more. */
const SPACING_MS = 5

interface Waiter {
  beyond: number
  resolve: (position: number) => void
  reject: (error: unknown) => void
}

/**
 * 1. A signal is only a hint to look: anyone on the bus could forge one. What counts is the row in the database.
 * 2. Nobody waits, nobody looks: an idle service costs the database nothing.
 * 3. A waiter that registers starts a look, so a signal from just before is not missed.
 */
class Watcher implements HeadWatcher {
  readonly #parts: HeadWatcherParts
  readonly #waiters = new Set<Waiter>()
  readonly #timer: NodeJS.Timeout
  readonly #subscription: AsyncDisposable | undefined
  #position = 0
  #era: number | undefined
  #looking = false
  #lookAgain = false

  constructor(parts: HeadWatcherParts) {
    this.#parts = parts
    this.#timer = setInterval(() => this.#look(), parts.pollMs ?? POLL_MS)
    this.#timer.unref()
    this.#subscription = parts.bus?.listen(subjects.head, () => this.#look())
  }

  get era(): number | undefined {
    return this.#era
  }

  get position(): number {
    return this.#position
  }

  waitBeyond(position: number, signal: AbortSignal): Promise<number> {
    signal.throwIfAborted()
    if (this.#position > position) return Promise.resolve(this.#position)
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    const waiter: Waiter = { beyond: position, resolve, reject }
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    this.#waiters.add(waiter)
    this.#look() // 3
    return promise.finally(() => {
      this.#waiters.delete(waiter)
      signal.removeEventListener('abort', abort)
    })
  }

  #look(): void {
    if (this.#waiters.size === 0) return // 2
    this.#lookAgain = true
    if (this.#looking) return
    this.#looking = true
    void this.#lookUntilQuiet()
  }

  async #lookUntilQuiet(): Promise<void> {
    while (this.#lookAgain) {
      this.#lookAgain = false
      await this.#lookOnce()
      await delay(SPACING_MS)
    }
    this.#looking = false
  }

  async #lookOnce(): Promise<void> {
    try {
      this.note(await this.#parts.readHead()) // 1
    } catch (error) {
      this.#parts.logger.warn(
        { err: error },
        'the head of the journal cannot be read; the next poll tries again',
      )
      return
    }
    for (const waiter of this.#waiters) {
      if (this.#position > waiter.beyond) waiter.resolve(this.#position)
    }
  }

  note({ position, era }: JournalHead): void {
    const before = this.#era
    if (before !== undefined && era < before) return // read before the change, told after it
    this.#position = position
    this.#era = era
    if (before === undefined || before === era) return
    for (const waiter of this.#waiters) waiter.reject(journalRestored())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    await this.#subscription?.[Symbol.asyncDispose]()
  }
}

/** Starts to watch. It never throws: while neither the bus nor the database answers, waiters wait. */
export function watchHead(parts: HeadWatcherParts): HeadWatcher {
  return new Watcher(parts)
}
