import type { InclusionProof } from '../bundle/format.ts'
import type { JournalEvent } from '../envelope.ts'
import { eventLeaf } from '../merkle/hash.ts'
import { verifyInclusion } from '../merkle/proof.ts'
import type { Checkpoint } from '../note/checkpoint.ts'
import { faultAt, type VerificationFault } from './fault.ts'

/** Whether the proof shows that the event is under the checkpoint, at its own position (RFC 9162 §2.1.3.2). */
export function findInclusionFault(
  event: JournalEvent,
  proof: InclusionProof | undefined,
  { size, root }: Checkpoint,
): VerificationFault | undefined {
  if (proof === undefined) return faultAt(event, 'proof', 'it has no proof that it is under the checkpoint')
  const index = event.position - 1
  const isItsOwn = proof.index === index && proof.size === size
  const hashes = proof.hashes.map((hash) => Buffer.from(hash, 'hex'))
  if (isItsOwn && verifyInclusion({ index, size, leaf: eventLeaf(event), root }, hashes)) return undefined
  return faultAt(event, 'proof', 'it is not the event that is under the checkpoint at this position')
}
