import { HASH_BYTES } from '../merkle/hash.ts'
import type { SignerKey, VerifierKey } from './key.ts'
import { openNote, signNote } from './note.ts'

/** The whole journal in three lines: whose it is, how many events, and the root of the tree over them. */
export interface Checkpoint {
  readonly origin: string
  /** Events, and so the position of the last one. */
  readonly size: number
  readonly root: Buffer
}

/** A checkpoint as it was opened, with who vouches for it; or why it cannot be believed. */
export type OpenedCheckpoint =
  | { readonly checkpoint: Checkpoint; readonly signers: readonly VerifierKey[] }
  | { readonly reason: string }

/** The signed note over a checkpoint (C2SP tlog-checkpoint). */
export function signCheckpoint({ origin, size, root }: Checkpoint, signer: SignerKey): string {
  return signNote(`${origin}\n${size}\n${root.toString('base64')}\n`, signer)
}

/** Opens a signed checkpoint with the keys that are trusted (C2SP tlog-checkpoint). */
export function openCheckpoint(note: string, keys: readonly VerifierKey[]): OpenedCheckpoint {
  const opened = openNote(note, keys)
  if ('reason' in opened) return opened
  const checkpoint = readCheckpoint(opened.text)
  if (checkpoint === undefined) return { reason: 'it is a signed note, and not a checkpoint' }
  return { checkpoint, signers: opened.signers }
}

/** What the text of a note says, if it is a checkpoint. Nothing is said about who signed it: see `openCheckpoint`. */
export function readCheckpoint(text: string): Checkpoint | undefined {
  const [origin = '', size = '', encoded = ''] = text.split('\n')
  const root = Buffer.from(encoded, 'base64')
  const isSound =
    origin !== '' &&
    /^(0|[1-9]\d*)$/.test(size) &&
    Number.isSafeInteger(Number(size)) &&
    root.length === HASH_BYTES &&
    root.toString('base64') === encoded
  return isSound ? { origin, size: Number(size), root } : undefined
}
