import { JetStreamApiCodes, JetStreamApiError, jetstreamManager } from '@nats-io/jetstream'
import { toBusError } from './failure.ts'
import { fromNatsHeaders } from './headers.ts'
import type { IncomingMessage } from './message.ts'
import type { BusParts } from './subscribe.ts'

/** One message of a stream, by the sequence that the stream gave it. */
export interface StoredPlace {
  readonly stream: string
  readonly seq: number
}

/** JetStream answers at once or not at all. */
const API_TIMEOUT_MS = 5_000
/** The server's own number for a sequence that is not there; the client does not name it. */
const SEQUENCE_NOT_FOUND = 10043

/** The message, whoever it is delivered to; undefined when it is gone. Errors: `timeout`, `unavailable`. */
export async function readStored(
  { connection }: BusParts,
  { stream, seq }: StoredPlace,
): Promise<Omit<IncomingMessage, 'text'> | undefined> {
  const manager = await jetstreamManager(connection.use(), { checkAPI: false, timeout: API_TIMEOUT_MS })
  const message = await unlessGone(connection.untilLost(manager.streams.getMessage(stream, { seq })))
  if (message === undefined || message === null) return undefined
  return { subject: message.subject, data: message.data, headers: fromNatsHeaders(message.header) }
}

/** Takes the message out of the stream; nothing happens when it is gone. Errors: `timeout`, `unavailable`. */
export async function removeStored({ connection }: BusParts, { stream, seq }: StoredPlace): Promise<void> {
  const manager = await jetstreamManager(connection.use(), { checkAPI: false, timeout: API_TIMEOUT_MS })
  await unlessGone(connection.untilLost(manager.streams.deleteMessage(stream, seq, false)))
}

async function unlessGone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    const gone: readonly number[] = [
      JetStreamApiCodes.StreamNotFound,
      JetStreamApiCodes.NoMessageFound,
      SEQUENCE_NOT_FOUND,
    ]
    if (error instanceof JetStreamApiError && gone.includes(error.code)) return undefined
    throw toBusError(error, 'look up a message')
  }
}
