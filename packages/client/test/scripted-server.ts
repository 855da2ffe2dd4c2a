import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { DaybookError, type JsonObject, toProblem } from '@daybook/errors'
import { createUlids, type JournalEvent } from '@daybook/events'
import { waitFor } from '@daybook/testing'

const nextId = createUlids()
const POLL_MS = 5

/** What a request may say. */
export interface Body {
  readonly worker: string
  readonly claimId: string
  readonly job?: string
  readonly limit?: number
  readonly token: number
  readonly leaseMs?: number
  readonly delayMs?: number
  readonly outcome?: string
}

/** What happens to the next request whose path contains a text, after it had its effect. */
type Fault = { readonly path: string } & (
  | { readonly kind: 'lose' }
  | { readonly kind: 'hold'; readonly until: Promise<void> }
  | { readonly kind: 'refuse'; readonly code: 'unavailable' | 'forbidden' | 'payload-too-large' }
)

/** An event that a decision led to. */
export interface Decided {
  readonly type: string
  readonly data: JsonObject
  readonly correlationId: string
}

/**
 * A server with its journal in memory. Its requests can be lost, held back and refused, which a real one cannot be asked to do.
 * Its clock is not the one of Date.
 */
export abstract class ScriptedServer implements AsyncDisposable {
  readonly events: JournalEvent[] = []
  readonly requests: string[] = []
  readonly faults: Fault[] = []
  /** Whether a claim waits for work, as it should. */
  waits = true
  readonly #startMs = Date.UTC(2026, 10, 21) - performance.now()
  readonly #server = createServer((request, response) => {
    void this.#serve(request, response)
  })
  #port = 0

  /** What is answered to a request, by the words of its path behind `/v1/<service>`. */
  protected abstract answer(path: readonly string[], body: Body, isGone: () => boolean): Promise<object>

  /** Answers a GET, of which there are none unless told. */
  protected read(_url: URL, response: ServerResponse): void {
    response.writeHead(404).end()
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve))
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP server has an address and a port
    this.#port = (this.#server.address() as AddressInfo).port
    return this
  }

  /** Away, until it listens again. */
  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** The types of what happened. */
  get story(): string[] {
    return this.events.map(({ type }) => type)
  }

  /** How often this happened. */
  count(type: string): number {
    return this.story.filter((one) => one === type).length
  }

  /** Waits until this happened so often. */
  async until(type: string, times: number): Promise<void> {
    await waitFor(() => this.count(type) >= times, { what: `${type} (${times})` })
  }

  /** How many requests there were whose path contains this. */
  asked(path: string): number {
    return this.requests.filter((one) => one.includes(path)).length
  }

  protected get now(): string {
    return new Date(this.#startMs + performance.now()).toISOString()
  }

  protected journal(stream: string, { type, data, correlationId }: Decided): JournalEvent {
    const seq = this.events.filter((event) => event.stream === stream).length + 1
    const [occurredAt, recordedAt, hash] = [this.now, this.now, '0'.repeat(64)]
    const actor = { kind: 'agent', id: 'bot' } as const
    const event: JournalEvent = {
      id: nextId(),
      tenant: 'main',
      stream,
      v: 1,
      type,
      data,
      correlationId,
      actor,
      seq,
      occurredAt,
      recordedAt,
      position: this.events.length + 1,
      prev: hash,
      checksum: hash,
      hash,
    }
    this.events.push(event)
    return event
  }

  protected async waitFor(look: () => object[], isGone: () => boolean): Promise<object[]> {
    for (;;) {
      const found = look()
      if (found.length > 0 || isGone()) return found
      await pause(POLL_MS)
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', this.url)
    const { pathname, searchParams } = url
    this.requests.push(pathname)
    const fault = this.#faultOf(pathname)
    const answer = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    try {
      if (fault?.kind === 'refuse') throw new DaybookError(fault.code, 'The test says so.')
      if (request.method === 'GET') return this.read(url, response)
      const body: Body = JSON.parse(Buffer.concat(await request.toArray()).toString())
      const waitMs = Number.parseInt(searchParams.get('wait') ?? '0', 10)
      const until = performance.now() + waitMs
      const isGone = (): boolean => !this.waits || performance.now() >= until || response.destroyed
      const done = await this.answer(pathname.split('/').slice(3), body, isGone)
      if (fault?.kind === 'hold') await fault.until
      if (fault?.kind === 'lose') response.destroy()
      else answer(200, done)
    } catch (error) {
      answer(error instanceof DaybookError && error.retry === 'later' ? 503 : 409, toProblem(error))
    }
  }

  #faultOf(path: string): Fault | undefined {
    const index = this.faults.findIndex((fault) => path.includes(fault.path))
    return index < 0 ? undefined : this.faults.splice(index, 1)[0]
  }
}
