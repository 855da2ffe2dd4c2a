import type { CheckResult, Logger } from '@daybook/runtime'

/** How long to wait after a try that failed. A whole leaf is still empty then, so there is time. */
const RETRY_MS = 1_000

export interface LeavesOptions {
  /** Positions in a leaf. */
  size: number
  /** Makes what is missing and answers up to which position there are leaves. */
  ensure: () => Promise<number>
  logger: Logger
}

/** Keeps at least one empty leaf of `journal.events` ahead of the head, so that no append ever waits for one. */
export class Leaves {
  readonly #options: LeavesOptions
  #last: number
  #making: Promise<void> | undefined
  #retryAt = 0
  #isShort = false

  private constructor(options: LeavesOptions, last: number) {
    this.#options = options
    this.#last = last
  }

  static async open(options: LeavesOptions): Promise<Leaves> {
    return new Leaves(options, await options.ensure())
  }

  /** To be told of every commit; costs nothing while there is enough room. */
  reached(position: number): void {
    if (position + this.#options.size <= this.#last || this.#making !== undefined) return
    if (performance.now() < this.#retryAt) return
    this.#making = this.#make().finally(() => {
      this.#making = undefined
    })
  }

  /** After a restore there may be fewer leaves than were made. */
  forget(): void {
    this.#last = 0
  }

  /** Whether there is room; without it appends are about to fail. */
  state(): CheckResult {
    return this.#isShort
      ? { ok: false, reason: 'the next leaf of journal.events cannot be made; see the log' }
      : { ok: true, detail: `room up to position ${this.#last}` }
  }

  async #make(): Promise<void> {
    try {
      this.#last = await this.#options.ensure()
      this.#isShort = false
    } catch (error) {
      this.#options.logger.error({ err: error }, 'the next leaf of journal.events could not be made')
      this.#isShort = true
      this.#retryAt = performance.now() + RETRY_MS
    }
  }
}
