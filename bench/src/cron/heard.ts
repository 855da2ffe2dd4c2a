import { setTimeout as delay } from 'node:timers/promises'

/** When each start reached whoever does something about it, by this machine's clock. */
export class Heard {
  readonly #at = new Map<string, number>()
  /** Of something that had been heard of. */
  again = 0

  note(key: string): void {
    if (this.#at.has(key)) this.again += 1
    else this.#at.set(key, Date.now())
  }

  /** Milliseconds of the epoch. */
  at(key: string): number | undefined {
    return this.#at.get(key)
  }

  /** Waits until all of these were heard of, or that instant has come: what is still missing then is counted, and no failure. */
  async untilAll(keys: readonly string[], untilMs: number, signal: AbortSignal): Promise<void> {
    while (Date.now() < untilMs && keys.some((key) => !this.#at.has(key)))
      await delay(LOOK_EVERY_MS, undefined, { signal })
  }
}

/** Rarely enough to cost nothing while something is measured. */
const LOOK_EVERY_MS = 100
