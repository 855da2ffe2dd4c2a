import { DaybookError, fromProblem } from '@daybook/errors'
import type { Msg, PublishOptions } from '@nats-io/transport-node'
import { toBusError } from './failure.ts'
import { type Headers, toNatsHeaders } from './headers.ts'
import { ReceivedMessage } from './message.ts'
import { ERROR_HEADER } from './respond.ts'
import { type BusParts, KeptSubscription } from './subscribe.ts'

/** An answer that is not a problem. */
export interface BusReply {
  readonly data: Uint8Array
  readonly headers: Headers
  text(): string
}

export interface RequestOptions {
  /** How long to wait for the answer. */
  readonly timeoutMs: number
  readonly headers?: Headers
}

interface Waiting {
  readonly subject: string
  readonly timer: NodeJS.Timeout
  resolve(reply: BusReply): void
  reject(error: DaybookError): void
}

/** The status with which the server says that nobody subscribes to a subject. */
const NO_RESPONDERS = 503

/**
 * Requests and their answers over one inbox. The client's own `request` costs twice the time (measured: 37,000 against
 * 70,000 a second with 64 callers), and lets callers wait for their whole time-out when the connection is lost.
 */
export class Requests implements AsyncDisposable {
  readonly #parts: BusParts
  readonly #inbox: string
  readonly #replies: AsyncDisposable
  readonly #unwatch: () => void
  readonly #waiting = new Map<string, Waiting>()
  #serial = 0

  constructor(parts: BusParts) {
    this.#parts = parts
    this.#inbox = `${parts.connection.createInbox()}.`
    this.#replies = new KeptSubscription(parts, {
      subject: `${this.#inbox}*`,
      onMessage: (message) => this.#settle(message),
    })
    this.#unwatch = parts.connection.watch({
      down: () => this.#giveUp(),
      denied: (subject) => this.#denied(subject),
    })
  }

  /**
   * Errors: whatever the responder answered; `timeout`, and then the outcome is not known; `unavailable` when nobody
   * answers there or NATS is down, and then nothing was done; `unsafe-configuration` when the server forbids it.
   */
  request(subject: string, data: string | Uint8Array, options: RequestOptions): Promise<BusReply> {
    return new Promise((resolve, reject) => {
      const nats = this.#parts.connection.use()
      const token = (this.#serial++).toString(36)
      const publication: PublishOptions = { reply: this.#inbox + token }
      if (options.headers !== undefined) publication.headers = toNatsHeaders(options.headers)
      try {
        nats.publish(subject, data, publication)
      } catch (error) {
        throw toBusError(error, `send the request to ${subject}`)
      }
      const timer = setTimeout(() => this.#timedOut(token, options.timeoutMs), options.timeoutMs)
      this.#waiting.set(token, { subject, timer, resolve, reject })
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#unwatch()
    this.#giveUp()
    await this.#replies[Symbol.asyncDispose]()
  }

  #take(token: string): Waiting | undefined {
    const waiting = this.#waiting.get(token)
    if (waiting === undefined) return undefined
    this.#waiting.delete(token)
    clearTimeout(waiting.timer)
    return waiting
  }

  /** A reply that comes after its time-out finds nobody waiting. */
  #settle(message: Msg): void {
    const waiting = this.#take(message.subject.slice(this.#inbox.length))
    if (waiting === undefined) return
    const { headers } = message
    if (headers === undefined) return waiting.resolve(new ReceivedMessage(message))
    if (headers.code === NO_RESPONDERS && message.data.length === 0)
      return waiting.reject(nobodyAnswers(waiting))
    if (headers.has(ERROR_HEADER)) return waiting.reject(readProblem(message))
    waiting.resolve(new ReceivedMessage(message))
  }

  #timedOut(token: string, timeoutMs: number): void {
    const waiting = this.#take(token)
    if (waiting === undefined) return
    waiting.reject(unknownOutcome(`No answer to ${waiting.subject} within ${timeoutMs} ms.`))
  }

  /** The server says only which subject it refused, not which request; it refuses them all. */
  #denied(subject: string): void {
    for (const [token, waiting] of this.#waiting) {
      if (waiting.subject === subject) this.#take(token)?.reject(notAllowed(subject))
    }
  }

  /** The answers of a lost connection never come. */
  #giveUp(): void {
    for (const token of this.#waiting.keys()) {
      const waiting = this.#take(token)
      waiting?.reject(unknownOutcome(`The connection to NATS ended before ${waiting.subject} was answered.`))
    }
  }
}

function unknownOutcome(what: string): DaybookError {
  return new DaybookError(
    'timeout',
    `${what} The outcome is not known: send the same again, with the same ids.`,
  )
}

function nobodyAnswers({ subject }: Waiting): DaybookError {
  return new DaybookError(
    'unavailable',
    `Nobody answers ${subject}: its service is not running. Nothing was done.`,
  )
}

function notAllowed(subject: string): DaybookError {
  const message = `The NATS user may not publish to ${subject}. Allow it in the server's configuration. Nothing was done.`
  return new DaybookError('unsafe-configuration', message)
}

function readProblem(message: Msg): DaybookError {
  try {
    return fromProblem(message.json())
  } catch {
    return fromProblem(undefined)
  }
}
