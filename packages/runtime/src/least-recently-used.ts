/** Keeps the values that were used last, up to a weight of all of them together. */
export class LeastRecentlyUsed<Value> {
  readonly #max: number
  readonly #weigh: (value: Value) => number
  readonly #kept = new Map<string, { readonly value: Value; readonly weight: number }>()
  #weight = 0

  /**
   * @param max weight of what is kept
   * @param weigh what keeping a value costs; 1 unless told, so that `max` is a number of values
   */
  constructor(max: number, weigh: (value: Value) => number = () => 1) {
    this.#max = max
    this.#weigh = weigh
  }

  get(name: string): Value | undefined {
    const found = this.#kept.get(name)
    if (found === undefined) return undefined
    // A Map keeps the order of insertion: what is put in anew is the youngest.
    this.#kept.delete(name)
    this.#kept.set(name, found)
    return found.value
  }

  /** One that is too heavy by itself is not kept. */
  set(name: string, value: Value): void {
    this.delete(name)
    const weight = this.#weigh(value)
    if (weight > this.#max) return
    this.#kept.set(name, { value, weight })
    this.#weight += weight
    for (const oldest of this.#kept.keys()) {
      if (this.#weight <= this.#max) return
      this.delete(oldest)
    }
  }

  delete(name: string): void {
    this.#weight -= this.#kept.get(name)?.weight ?? 0
    this.#kept.delete(name)
  }

  clear(): void {
    this.#kept.clear()
    this.#weight = 0
  }

  /** The one that was not used for longest first. That they are looked at here is no use. */
  values(): IteratorObject<Value> {
    return this.#kept.values().map(({ value }) => value)
  }
}
