import { jetstream } from '@nats-io/jetstream'
import { toBusError } from './failure.ts'
import { type Headers, toNatsHeaders } from './headers.ts'
import type { BusParts } from './subscribe.ts'

export interface QueuedOptions {
  /**
   * Recognises a repetition within the duplicate window. One namespace for the whole stream: make it of the tenant and
   * an id of ours, never of something that another tenant could choose as well.
   */
  readonly msgId?: string
  readonly headers?: Headers
}

/** Stored and synced to disk by JetStream; not handled yet. */
export interface QueuedReceipt {
  readonly seq: number
  readonly duplicate: boolean
}

/** With `sync_interval: always` one publish is one fsync, milliseconds; a frozen disk gives no error, only silence. */
const PUBLISH_TIMEOUT_MS = 5_000

/**
 * Publishes to a stream and waits until it is kept.
 * Errors: `overloaded` when the stream is full; `timeout`, and then the outcome is not known; `unavailable`.
 */
export async function publishQueued(
  { connection }: BusParts,
  message: { subject: string; data: string | Uint8Array },
  { msgId, headers }: QueuedOptions,
): Promise<QueuedReceipt> {
  const stream = jetstream(connection.use(), { timeout: PUBLISH_TIMEOUT_MS })
  const options = {
    ...(msgId === undefined ? {} : { msgID: msgId }),
    ...(headers === undefined ? {} : { headers: toNatsHeaders(headers) }),
  }
  try {
    const { seq, duplicate } = await connection.untilLost(
      stream.publish(message.subject, message.data, options),
    )
    return { seq, duplicate }
  } catch (error) {
    throw toBusError(error, `keep the message for ${message.subject}`)
  }
}
