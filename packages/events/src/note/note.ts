import type { SignerKey, VerifierKey } from './key.ts'

/** A note that was opened: what it says, and which of the known keys signed it. Or why it cannot be believed. */
export type OpenedNote =
  | { readonly text: string; readonly signers: readonly VerifierKey[] }
  | { readonly reason: string }

/** A checkpoint is 200 bytes; a note of another making may carry the signatures of many witnesses. */
const NOTE_CHARS_MAX = 65_536
const SIGNATURE_LINE = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/
const ID_BYTES = 4

/** Signs a text, which ends with a line feed (C2SP signed-note). */
export function signNote(text: string, signer: SignerKey): string {
  const { name, id } = signer.verifier
  const signature = Buffer.concat([Buffer.from(id, 'hex'), signer.sign(text)])
  return `${text}\n— ${name} ${signature.toString('base64')}\n`
}

/**
 * Opens a signed note with the keys that are trusted (C2SP signed-note). At least one of them has to have signed it.
 * Signatures by unknown keys are passed over; one that names a known key and is not its own spoils the note.
 */
export function openNote(note: string, keys: readonly VerifierKey[]): OpenedNote {
  const parts = note.length > NOTE_CHARS_MAX ? undefined : splitNote(note)
  if (parts === undefined) return { reason: 'it is not a signed note' }
  const signers: VerifierKey[] = []
  for (const line of parts.signatures) {
    const [, name, encoded = ''] = SIGNATURE_LINE.exec(line) ?? []
    const bytes = Buffer.from(encoded, 'base64')
    // Node takes several spellings of the same bytes; a note has one (RFC 4648, 3.5).
    if (bytes.toString('base64') !== encoded) return { reason: 'it is not a signed note' }
    const key = keys.find(
      (key) => key.name === name && key.id === bytes.subarray(0, ID_BYTES).toString('hex'),
    )
    if (key === undefined) continue
    if (!key.verify(parts.text, bytes.subarray(ID_BYTES))) {
      return { reason: `the signature of ${key.name}+${key.id} does not belong to this text` }
    }
    signers.push(key)
  }
  return signers.length > 0
    ? { text: parts.text, signers }
    : { reason: 'no key that is trusted has signed it' }
}

/**
 * The notes in a text that holds several, one after the other, as an anchor file does: a note ends with its signatures.
 * What stands behind the last signature is a note cut short, and is left out.
 */
export function splitNotes(text: string): string[] {
  const notes: string[] = []
  let lines: string[] = []
  for (const line of text.split('\n')) {
    const isSigned = lines.at(-1)?.startsWith('— ') === true
    if (isSigned && !line.startsWith('— ')) {
      notes.push(`${lines.join('\n')}\n`)
      lines = []
    }
    // Empty lines between two notes belong to neither.
    if (line !== '' || lines.length > 0) lines.push(line)
  }
  return notes
}

function splitNote(note: string): { text: string; signatures: string[] } | undefined {
  const at = note.lastIndexOf('\n\n')
  if (at < 0 || !note.endsWith('\n')) return undefined
  const signatures = note.slice(at + 2, -1).split('\n')
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  const isClean = !/[\u0000-\u0009\u000b-\u001f]/.test(note) && note.isWellFormed()
  if (!isClean || !signatures.every((line) => SIGNATURE_LINE.test(line))) return undefined
  return { text: note.slice(0, at + 1), signatures }
}
