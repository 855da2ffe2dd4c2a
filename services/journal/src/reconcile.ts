import type { RelayCursor } from './store/relay.ts'

/** What JetStream holds of the journal. */
export interface StreamEnd {
  lastSeq: number
  /** Era and position of the stream's last message; undefined when no message is left to look at. */
  last: { seq: number; era: number; position: number } | undefined
}

/**
 * Where publishing goes on, given the cursor and what the stream really holds. Pure.
 *
 * - No stream, or an empty one: everything again from the beginning.
 * - Its last message says which position was published last: that is the truth, whether the cursor is behind it (a
 *   crash after publishing) or ahead of it (JetStream lost messages).
 * - Its last message is of another era, or lies before the stream's end (it was deleted): the cursor is right only if it
 *   agrees with the stream's end; otherwise everything again. Consumers skip what they have.
 */
export function reconcile(cursor: RelayCursor, era: number, stream: StreamEnd | undefined): RelayCursor {
  if (stream === undefined) return { position: 0, streamSeq: 0 }
  const { last, lastSeq } = stream
  if (last !== undefined && last.seq === lastSeq && last.era === era)
    return { position: last.position, streamSeq: lastSeq }
  const agrees = cursor.streamSeq === lastSeq && lastSeq > 0 && (last === undefined || last.era === era)
  return { position: agrees ? cursor.position : 0, streamSeq: lastSeq }
}
