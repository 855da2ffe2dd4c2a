import {
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
} from '@nats-io/jetstream'
import { toBusError } from './failure.ts'
import { fromNatsHeaders, type Headers } from './headers.ts'
import type { BusParts } from './subscribe.ts'

/** What a stream holds. */
export interface StreamState {
  /** Sequence of the oldest message kept; with none kept that of the next one, or 0 in a new stream. */
  readonly firstSeq: number
  /** Sequence given last; 0 before the first. It does not fall when messages expire or are deleted. */
  readonly lastSeq: number
  /** The newest message kept; none after all have expired or were deleted. Its seq may be below `lastSeq`. */
  readonly lastMessage?: { readonly seq: number; readonly headers: Headers; readonly data: Uint8Array }
}

/** JetStream answers at once or not at all. */
const API_TIMEOUT_MS = 5_000

/**
 * Reads where a stream is; undefined when it does not exist. The last message is asked of the stream's leader: a direct
 * get may be answered by a replica that is behind. Errors: `timeout`, `unavailable`.
 */
export async function streamState(
  { connection }: BusParts,
  stream: string,
): Promise<StreamState | undefined> {
  const manager = await jetstreamManager(connection.use(), { checkAPI: false, timeout: API_TIMEOUT_MS })
  try {
    return await connection.untilLost(readState(manager, stream))
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound)
      return undefined
    throw toBusError(error, `tell the state of ${stream}`)
  }
}

async function readState(manager: JetStreamManager, stream: string): Promise<StreamState> {
  const { state, config } = await manager.streams.info(stream)
  const { first_seq: firstSeq, last_seq: lastSeq } = state
  const lastMessage = state.messages === 0 ? undefined : await lastKept(manager, stream, config.subjects)
  if (lastMessage === undefined) return { firstSeq, lastSeq }
  // A message may have come between the two questions.
  return { firstSeq, lastSeq: Math.max(lastSeq, lastMessage.seq), lastMessage }
}

/** By subject, not by the last sequence: the message of that sequence may have been deleted. */
async function lastKept(manager: JetStreamManager, stream: string, subjects: readonly string[]) {
  const newest: NonNullable<StreamState['lastMessage']>[] = []
  for (const subject of subjects) {
    const message = await manager.streams.getMessage(stream, { last_by_subj: subject })
    if (message === null) continue
    newest.push({ seq: message.seq, headers: fromNatsHeaders(message.header), data: message.data })
  }
  return newest.toSorted((a, b) => b.seq - a.seq)[0]
}
