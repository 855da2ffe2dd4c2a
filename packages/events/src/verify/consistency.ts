import { verifyConsistency } from '../merkle/proof.ts'
import type { Checkpoint } from '../note/checkpoint.ts'
import type { VerificationFault } from './fault.ts'

/** A checkpoint that somebody has kept. */
export type KnownCheckpoint = Pick<Checkpoint, 'origin' | 'size' | 'root'>

/** Proves that the tree of a checkpoint continues that of `from` events; hashes in hex (RFC 9162 §2.1.4). */
export interface ConsistencyProof {
  readonly from: number
  readonly hashes: readonly string[]
}

/** Whether a checkpoint is the continuation of those that are known. Each shorter one needs its proof. */
export function findConsistencyFault(
  checkpoint: Checkpoint,
  known: readonly KnownCheckpoint[],
  proofs: readonly ConsistencyProof[],
): VerificationFault | undefined {
  for (const older of known) {
    const fault = findOneFault(checkpoint, older, proofs)
    if (fault !== undefined) return fault
  }
  return undefined
}

function findOneFault(
  { size: to, root: toRoot }: Checkpoint,
  { size: from, root: fromRoot }: KnownCheckpoint,
  proofs: readonly ConsistencyProof[],
): VerificationFault | undefined {
  if (from === 0) return undefined
  if (from > to) {
    return { code: 'cut', detail: `a checkpoint over ${from} events is known, and this one is over ${to}` }
  }
  const proof = from === to ? { hashes: [] } : proofs.find((proof) => proof.from === from)
  if (proof === undefined) {
    return { code: 'proof', detail: `it does not prove that it continues the checkpoint over ${from} events` }
  }
  const hashes = proof.hashes.map((hash) => Buffer.from(hash, 'hex'))
  if (verifyConsistency({ from, fromRoot, to, toRoot }, hashes)) return undefined
  return {
    code: 'rewritten',
    detail: `the first ${from} events are not those of the checkpoint that was kept`,
  }
}
