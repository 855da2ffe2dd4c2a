import { JetStreamApiCodes, JetStreamApiError, jetstreamManager } from '@nats-io/jetstream'
import type { ConsumerName } from './consume.ts'
import { toBusError } from './failure.ts'
import type { BusParts } from './subscribe.ts'

/** How far a durable consumer is behind its stream. */
export interface ConsumerState {
  /** Messages of its subjects that were not delivered yet. */
  readonly pending: number
  /** Delivered and not settled yet. */
  readonly unsettled: number
}

/** JetStream answers at once or not at all; whoever scrapes metrics does not wait for long. */
const API_TIMEOUT_MS = 2_000

/** Reads it from the server; undefined when there is no such consumer. Errors: `timeout`, `unavailable`. */
export async function consumerState(
  { connection }: BusParts,
  { stream, durable }: ConsumerName,
): Promise<ConsumerState | undefined> {
  const manager = await jetstreamManager(connection.use(), { checkAPI: false, timeout: API_TIMEOUT_MS })
  try {
    const info = await connection.untilLost(manager.consumers.info(stream, durable))
    return { pending: info.num_pending, unsettled: info.num_ack_pending }
  } catch (error) {
    const missing: readonly number[] = [JetStreamApiCodes.StreamNotFound, JetStreamApiCodes.ConsumerNotFound]
    if (error instanceof JetStreamApiError && missing.includes(error.code)) return undefined
    throw toBusError(error, `tell the state of ${durable}`)
  }
}
