/** A wait that somebody may end early. One waits at a time; what is said while nobody waits is not kept. */
export class Pause {
  #end: () => void = () => {}

  /** Resolves after `ms`, or when it is ended. */
  async wait(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, Math.max(0, ms))
    this.#end = resolve
    await promise
    clearTimeout(timer)
  }

  end(): void {
    this.#end()
  }
}
