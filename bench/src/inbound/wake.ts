/**
 * Tells waiting loops that there may be work. What is told while nobody waits is not lost for a loop that looked before:
 * it takes the version first, looks, and waits for a later one.
 */
export class Wake {
  #version = 0
  readonly #waiting: (() => void)[] = []

  get version(): number {
    return this.#version
  }

  /** Wakes one; whoever finds more than it can take wakes the next. */
  one(): void {
    this.#version += 1
    this.#waiting.shift()?.()
  }

  all(): void {
    this.#version += 1
    for (const resume of this.#waiting.splice(0)) resume()
  }

  /** Resolves at once when something was told since `version`. */
  async after(version: number): Promise<void> {
    if (this.#version !== version) return
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }
}
