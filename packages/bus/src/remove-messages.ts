import {
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  type StoredMsg,
} from '@nats-io/jetstream'
import { toBusError } from './failure.ts'
import { fromNatsHeaders } from './headers.ts'
import type { IncomingMessage } from './message.ts'
import type { BusParts } from './subscribe.ts'

/** One look-up or one removal; the server overwrites the message on its disk before it answers. */
const API_TIMEOUT_MS = 5_000

/** Which messages may go: those of one stream under one subject. */
export interface RemovalPlace {
  readonly stream: string
  readonly subject: string
}

/**
 * Removes the messages under a subject that `isMeant` chooses, and overwrites them with random bytes. Asks the stream's
 * leader for each, one after the other. Answers how many there were; none when there is no such stream.
 * Errors: `timeout`, `unavailable`; some may be gone then, and the same call goes on with the others.
 */
export async function removeMessages(
  { connection }: BusParts,
  place: RemovalPlace,
  isMeant: (message: Pick<IncomingMessage, 'headers' | 'data'>) => boolean,
): Promise<number> {
  const manager = await jetstreamManager(connection.use(), { checkAPI: false, timeout: API_TIMEOUT_MS })
  try {
    return await connection.untilLost(removeFrom(manager, place, isMeant))
  } catch (error) {
    throw toBusError(error, `remove messages of ${place.stream}`)
  }
}

async function removeFrom(
  manager: JetStreamManager,
  { stream, subject }: RemovalPlace,
  isMeant: (message: Pick<IncomingMessage, 'headers' | 'data'>) => boolean,
): Promise<number> {
  let removed = 0
  for (let seq = 1; ; ) {
    const message = await nextUnder(manager, stream, { seq, next_by_subj: subject })
    if (message === undefined) return removed
    if (isMeant({ headers: fromNatsHeaders(message.header), data: message.data })) {
      if (await removeOne(manager, stream, message.seq)) removed += 1
    }
    seq = message.seq + 1
  }
}

async function nextUnder(
  manager: JetStreamManager,
  stream: string,
  query: { seq: number; next_by_subj: string },
): Promise<StoredMsg | undefined> {
  try {
    return (await manager.streams.getMessage(stream, query)) ?? undefined
  } catch (error) {
    if (isGone(error)) return undefined
    throw error
  }
}

/** False when somebody else, or the stream's limits, were faster. */
async function removeOne(manager: JetStreamManager, stream: string, seq: number): Promise<boolean> {
  try {
    return await manager.streams.deleteMessage(stream, seq, true)
  } catch (error) {
    if (isGone(error)) return false
    throw error
  }
}

/** The server's own number for a sequence that is not there; the client does not name it. */
const SEQUENCE_NOT_FOUND = 10043

function isGone(error: unknown): boolean {
  const codes: readonly number[] = [
    JetStreamApiCodes.StreamNotFound,
    JetStreamApiCodes.NoMessageFound,
    SEQUENCE_NOT_FOUND,
  ]
  return error instanceof JetStreamApiError && codes.includes(error.code)
}
