/** Keeps the values that were used last. */
export class LeastRecentlyUsed<Value> {
  readonly #max: number
  readonly #values = new Map<string, Value>()

  /** @param max values that are kept */
  constructor(max: number) {
    this.#max = max
  }

  get(name: string): Value | undefined {
    const value = this.#values.get(name)
    if (value === undefined) return undefined
    // A Map keeps the order of insertion: what is put in anew is the youngest.
    this.#values.delete(name)
    this.#values.set(name, value)
    return value
  }

  set(name: string, value: Value): void {
    this.#values.delete(name)
    this.#values.set(name, value)
    for (const oldest of this.#values.keys()) {
      if (this.#values.size <= this.#max) return
      this.#values.delete(oldest)
    }
  }

  delete(name: string): void {
    this.#values.delete(name)
  }

  clear(): void {
    this.#values.clear()
  }
}
