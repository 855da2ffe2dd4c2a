import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { DaybookError, type JsonValue } from '@daybook/errors'
import {
  decodeUtf8,
  type KnownCheckpoint,
  openCheckpoint,
  parseJson,
  parseVerifierKey,
  type Receipt,
  readCheckpoint,
  splitNotes,
  type VerifierKey,
} from '@daybook/events'
import type { Shell } from '../shell.ts'

/** What a person brings along, so as not to have to believe the journal. */
export interface Evidence {
  readonly keys: readonly VerifierKey[]
  readonly known: readonly KnownCheckpoint[]
  readonly receipts: readonly Receipt[]
}

export interface EvidenceOptions {
  readonly key?: readonly string[]
  readonly checkpoint?: readonly string[]
  readonly receipt?: readonly string[]
}

/** Reads keys, checkpoints and receipts, which the options name. Code: invalid-usage. */
export async function readEvidence(shell: Shell, options: EvidenceOptions): Promise<Evidence> {
  const { key = [], checkpoint = [], receipt = [] } = options
  const keys = (await Promise.all(key.map((text) => readKeys(shell, text)))).flat()
  const known = await Promise.all(
    checkpoint.map(async (path) => knownIn(await readText(shell, path), path, keys)),
  )
  const receipts = await Promise.all(
    receipt.map(async (path) => receiptsIn(await readText(shell, path), path)),
  )
  return { keys, known: known.flat(), receipts: receipts.flat() }
}

/** A key as it is, or a file with keys, one a line. */
async function readKeys(shell: Shell, text: string): Promise<VerifierKey[]> {
  if (/^[^\s+]+\+[0-9a-f]{8}\+/.test(text)) return [parseVerifierKey(text)]
  const lines = (await readText(shell, text)).split('\n').filter((line) => line.trim() !== '')
  return lines.map(parseVerifierKey)
}

/** The notes of a file: one checkpoint, or all that an anchor has gathered. */
function knownIn(text: string, path: string, keys: readonly VerifierKey[]): KnownCheckpoint[] {
  const known = splitNotes(text.endsWith('\n') ? text : `${text}\n`).map((note) => checkpointIn(note, keys))
  if (known.length === 0) throw unusable(path, 'it holds no signed note')
  return known.map((checkpoint) => {
    if ('reason' in checkpoint) throw unusable(path, checkpoint.reason)
    return checkpoint
  })
}

function checkpointIn(note: string, keys: readonly VerifierKey[]): KnownCheckpoint | { reason: string } {
  if (keys.length === 0) return readCheckpoint(note) ?? { reason: 'it is not a checkpoint' }
  const opened = openCheckpoint(note, keys)
  return 'reason' in opened ? opened : opened.checkpoint
}

/** One receipt, a list of them, or the answer to an append. */
function receiptsIn(text: string, path: string): Receipt[] {
  const value = parseJson(text)
  const listed = isObject(value) && Array.isArray(value['receipts']) ? value['receipts'] : value
  const receipts: readonly unknown[] = Array.isArray(listed) ? listed : [listed]
  return receipts.map((receipt) => {
    if (!isReceipt(receipt)) throw unusable(path, 'it does not hold receipts')
    return receipt
  })
}

function isReceipt(value: unknown): value is Receipt {
  return (
    isObject(value) &&
    ['id', 'stream', 'hash'].every((name) => typeof value[name] === 'string') &&
    ['seq', 'position'].every((name) => typeof value[name] === 'number')
  )
}

function isObject(value: unknown): value is Record<string, JsonValue> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

async function readText(shell: Shell, path: string): Promise<string> {
  const bytes = await readFile(resolve(shell.cwd, path)).catch((cause: unknown) => {
    throw new DaybookError('invalid-usage', `There is no file ${path} that can be read.`, { cause })
  })
  return decodeUtf8(bytes)
}

function unusable(path: string, reason: string): DaybookError {
  return new DaybookError('invalid-usage', `${path} is of no use here: ${reason}.`)
}
