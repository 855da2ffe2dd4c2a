import { DaybookError } from '@daybook/errors'
import { type JetStreamClient, type JetStreamPublishOptions, jetstream } from '@nats-io/jetstream'
import { type Headers, toNatsHeaders } from './headers.ts'
import type { BusParts } from './subscribe.ts'

export interface BatchMessage {
  readonly subject: string
  readonly data: string | Uint8Array
  readonly headers: Headers
}

export interface BatchTarget {
  readonly stream: string
  /** The sequence the stream must be at: the fence. */
  readonly expectedLastSeq: number
}

/** JetStream's own limit for one batch. */
const BATCH_MAX = 1_000

/** A thousand messages and their fsyncs take tens of milliseconds; a frozen disk gives no error, only silence. */
const BATCH_TIMEOUT_MS = 10_000

/**
 * Publishes all messages or none, and only if the stream's last sequence is the expected one: of two publishers with
 * the same expectation one wins, and nothing of the other comes between.
 *
 * Errors: `unavailable`, always, and always meaning *unknown*. A lost fence and a batch whose confirmation was lost look
 * alike from here, so whoever gets it reads `streamState` and decides anew. `invalid-usage` for an empty or too long batch.
 */
export async function publishBatch(
  { connection }: BusParts,
  target: BatchTarget,
  messages: readonly BatchMessage[],
): Promise<{ lastSeq: number }> {
  if (messages.length === 0 || messages.length > BATCH_MAX) {
    throw new DaybookError(
      'invalid-usage',
      `A batch holds 1 to ${BATCH_MAX} messages, not ${messages.length}.`,
    )
  }
  const client = jetstream(connection.use(), { timeout: BATCH_TIMEOUT_MS })
  try {
    return { lastSeq: await connection.untilLost(send(client, target, messages)) }
  } catch (cause) {
    throw unknownOutcome(target, cause)
  }
}

async function send(
  client: JetStreamClient,
  { stream, expectedLastSeq }: BatchTarget,
  messages: readonly BatchMessage[],
): Promise<number> {
  const fence = { expect: { streamName: stream, lastSequence: expectedLastSeq } }
  const [first, ...others] = messages
  const last = others.pop()
  if (first === undefined) throw new RangeError('empty batch')
  const opening = { ...fence, headers: toNatsHeaders(first.headers) }
  // A batch has an opening and a commit message; a single message is its own fence.
  if (last === undefined) return publishAlone(client, first, opening)
  const batch = await client.startBatch(first.subject, first.data, opening)
  for (const { subject, data, headers } of others)
    batch.add(subject, data, { headers: toNatsHeaders(headers) })
  const closing = { headers: toNatsHeaders(last.headers), timeout: BATCH_TIMEOUT_MS }
  return (await batch.commit(last.subject, last.data, closing)).seq
}

async function publishAlone(
  client: JetStreamClient,
  { subject, data }: BatchMessage,
  options: Partial<JetStreamPublishOptions>,
): Promise<number> {
  const { seq, duplicate } = await client.publish(subject, data, options)
  if (duplicate) throw new Error('its message id is in the stream already')
  return seq
}

function unknownOutcome({ stream, expectedLastSeq }: BatchTarget, cause: unknown): DaybookError {
  const message =
    `The batch after ${expectedLastSeq} of ${stream} was not confirmed. ` +
    'Whether it was stored is not known: read the state of the stream before sending again.'
  return new DaybookError('unavailable', message, { cause })
}
