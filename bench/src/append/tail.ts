import { setTimeout as delay } from 'node:timers/promises'
import { DaybookError } from '@daybook/errors'
import { quantile } from '../measure.ts'
import { authorized } from '../servers.ts'

/** How long the last events may take to arrive after the last append was answered. */
const lastMsMax = 10_000

/** What a reader of the live tail saw of events whose due time is known. */
export interface TailResult {
  /** Events that were expected; all of them arrived, or the run fails. */
  events: number
  p50Ms: number
  p99Ms: number
  maxMs: number
}

/**
 * A reader of `GET /v1/events` as a live tail (server-sent events) through the gateway. Latency is from the moment an
 * event was due to be appended to the moment it is read here, append and generator included.
 */
export class TailReader implements AsyncDisposable {
  readonly #due = new Map<string, number>()
  readonly #latencies: number[] = []
  readonly #abort = new AbortController()
  readonly #reading: Promise<void>
  #rest = ''

  private constructor(body: ReadableStream<Uint8Array>) {
    this.#reading = this.#read(body).catch((error: unknown) => {
      if (!this.#abort.signal.aborted) throw error
    })
    // Whoever waits for the result is told.
    this.#reading.catch(() => {})
  }

  static async open(gatewayUrl: string, afterPosition: number): Promise<TailReader> {
    const response = await fetch(`${gatewayUrl}/v1/events?after=${afterPosition}`, {
      headers: { ...authorized, accept: 'text/event-stream' },
    })
    if (!response.ok || response.body === null)
      throw new DaybookError('unavailable', `The live tail answered ${response.status}.`)
    return new TailReader(response.body)
  }

  /** An event that is to arrive, and when it was due, on the clock of `performance.now`. */
  expect(id: string, dueAt: number): void {
    this.#due.set(id, dueAt)
  }

  async result(signal: AbortSignal): Promise<TailResult> {
    const endsAt = Date.now() + lastMsMax
    while (this.#due.size > 0) {
      if (Date.now() > endsAt)
        throw new DaybookError('timeout', `${this.#due.size} events did not arrive at the live tail.`)
      await Promise.race([delay(10, undefined, { signal }), this.#reading])
    }
    const sorted = this.#latencies.toSorted((a, b) => a - b)
    const [p50Ms, p99Ms, maxMs] = [quantile(sorted, 0.5), quantile(sorted, 0.99), quantile(sorted, 1)]
    return { events: sorted.length, p50Ms, p99Ms, maxMs }
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const text = body.pipeThrough(new TextDecoderStream(), { signal: this.#abort.signal })
    for await (const chunk of text) this.#take(chunk)
  }

  /** Looks for ids only: parsing the events would measure the reader. */
  #take(chunk: string): void {
    const now = performance.now()
    const frames = (this.#rest + chunk).split('\n\n')
    this.#rest = frames.pop() ?? ''
    for (const frame of frames) {
      const id = /"id":"([0-9A-Z]{26})"/.exec(frame)?.[1] ?? ''
      const dueAt = this.#due.get(id)
      if (dueAt === undefined) continue
      this.#due.delete(id)
      this.#latencies.push(now - dueAt)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort()
    await this.#reading.catch(() => {})
  }
}
