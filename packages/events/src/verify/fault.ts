import type { ChainFault } from '../chain.ts'
import type { JournalEvent } from '../envelope.ts'

/**
 * What does not hold.
 *
 * - `checksum`, `hash`, `prev`, `seq`: of one event in its stream, see `verifyChain`.
 * - `position`: events are missing, doubled or swapped in the order of the journal.
 * - `leaf`: the event is not the one that was sealed at this position.
 * - `proof`: the event is not shown to be under the checkpoint.
 * - `signature`: a checkpoint was not signed by a key that is trusted.
 * - `rewritten`: the journal is not the continuation of a checkpoint.
 * - `cut`: events that a checkpoint, a receipt or the journal itself knows of are gone.
 * - `receipt`: another event is where the receipt says.
 * - `erasure`: a payload is gone, and no record says so.
 * - `stream`: the end that the journal knows of a stream is not where its events end.
 * - `format`, `digest`: the bundle is not whole, or not a bundle.
 */
export type FaultCode =
  | ChainFault['code']
  | 'position'
  | 'leaf'
  | 'proof'
  | 'signature'
  | 'rewritten'
  | 'cut'
  | 'receipt'
  | 'erasure'
  | 'stream'
  | 'format'
  | 'digest'

/** The first thing that does not hold, and the event at which it shows, if it is about one. */
export interface VerificationFault {
  readonly code: FaultCode
  readonly detail: string
  readonly position?: number
  readonly stream?: string
  readonly seq?: number
  readonly id?: string
}

/** A fault of one event. */
export function faultAt(
  { position, stream, seq, id }: Pick<JournalEvent, 'position' | 'stream' | 'seq' | 'id'>,
  code: FaultCode,
  detail: string,
): VerificationFault {
  return { code, detail, position, stream, seq, id }
}
