import type { Msg } from '@nats-io/transport-node'
import { fromNatsHeaders, type Headers } from './headers.ts'

/** A message that came in. Everything is decoded only when it is asked for. */
export interface IncomingMessage {
  readonly subject: string
  readonly data: Uint8Array
  readonly headers: Headers
  /** The data as UTF-8. Bytes that are no UTF-8 become U+FFFD; who must refuse them decodes `data` strictly. */
  text(): string
}

export class ReceivedMessage implements IncomingMessage {
  readonly #message: Msg

  constructor(message: Msg) {
    this.#message = message
  }

  get subject(): string {
    return this.#message.subject
  }

  get data(): Uint8Array {
    return this.#message.data
  }

  get headers(): Headers {
    return fromNatsHeaders(this.#message.headers)
  }

  text(): string {
    return this.#message.string()
  }
}
