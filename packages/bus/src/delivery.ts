import type { Msg } from '@nats-io/transport-node'
import { type IncomingMessage, ReceivedMessage } from './message.ts'

/** A message of a durable consumer. It is delivered again until it is settled; only the first settlement counts. */
export interface Delivery extends IncomingMessage {
  /** How often a handler got it before, or may have got it. */
  readonly redeliveries: number
  /** Done. Not confirmed: after a lost connection or a power cut the message may come again. */
  ack(): void
  /** Deliver it again, at once or after `delayMs`. */
  nak(delayMs?: number): void
  /** Never deliver it again; `reason` goes into the server's advisory. */
  term(reason: string): void
}

const encoder = new TextEncoder()
const ACK = encoder.encode('+ACK')
const NAK = encoder.encode('-NAK')
const NANOS_PER_MS = 1_000_000

export class PulledDelivery extends ReceivedMessage implements Delivery {
  readonly #message: Msg
  #settled = false
  #retries = 0

  constructor(message: Msg) {
    super(message)
    this.#message = message
  }

  get redeliveries(): number {
    return deliveryCountOf(this.#message.reply ?? '') - 1 + this.#retries
  }

  ack(): void {
    this.#settle(ACK)
  }

  nak(delayMs = 0): void {
    this.#settle(delayMs > 0 ? `-NAK {"delay":${Math.ceil(delayMs) * NANOS_PER_MS}}` : NAK)
  }

  term(reason: string): void {
    this.#settle(`+TERM ${reason}`)
  }

  get settled(): boolean {
    return this.#settled
  }

  /** Counts a delivery that the server does not know of: the handler gets it once more. */
  again(): void {
    this.#retries += 1
  }

  #settle(answer: string | Uint8Array): void {
    if (this.#settled) return
    this.#settled = true
    this.#message.respond(answer)
  }
}

/**
 * JetStream tells about a delivery in the subject to acknowledge it on (ADR-15):
 * `$JS.ACK.<stream>.<consumer>.<count>.…`, or with two more words in front: `$JS.ACK.<domain>.<account>.<stream>.…`.
 */
function deliveryCountOf(ackSubject: string): number {
  const words = ackSubject.split('.')
  const count = Number(words[words.length === 9 ? 4 : 6])
  return Number.isSafeInteger(count) && count > 0 ? count : 1
}
