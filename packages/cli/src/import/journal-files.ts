import { createHash } from 'node:crypto'
import { DaybookError, type JsonObject, type JsonValue } from '@daybook/errors'
import { decodeUtf8, isInstant, isUlid, parseJson } from '@daybook/events'
import type { Finding, FindingCode } from './finding.ts'
import { isTemporary, type RunDirectory, type RunFile } from './read-directory.ts'

/** What the name of an event file says. */
export interface EventName {
  readonly file: string
  readonly seq: number
  readonly ulid: string
}

/** An event as it lies in `journal/`, its name and body taken together. */
export interface OriginalEvent extends EventName {
  readonly type: string
  /** ISO 8601 with milliseconds, UTC. */
  readonly recordedAt: string
  readonly data: JsonObject
}

export interface JournalFiles {
  /** Every file with a proper name, whatever is in it, by seq and then by ULID: a file that was changed has not left a gap. */
  readonly names: readonly EventName[]
  /** The events that can be read, in the same order; also one whose checksum is wrong, so that one fault is not told as many. */
  readonly events: readonly OriginalEvent[]
  readonly findings: readonly Finding[]
}

/** Every file of `journal/` by itself: its name, its text, its checksum. How they fit together is `checkSequence`'s part. */
export function readJournalFiles(directory: RunDirectory): JournalFiles {
  const names: EventName[] = []
  const events: OriginalEvent[] = []
  const findings: Finding[] = []
  for (const file of directory.files.values()) {
    if (!file.path.startsWith('journal/')) continue
    const name = parseName(file.path)
    if ('code' in name) {
      findings.push(name)
      continue
    }
    names.push(name)
    const { event, finding } = readEvent(name, file)
    if (event !== undefined) events.push(event)
    if (finding !== undefined) findings.push(finding)
  }
  return { names: names.toSorted(inOrder), events: events.toSorted(inOrder), findings }
}

function inOrder(a: EventName, b: EventName): number {
  return a.seq - b.seq || (a.ulid < b.ulid ? -1 : 1)
}

interface Reading {
  readonly event?: OriginalEvent
  readonly finding?: Finding
}

function readEvent(name: EventName, { bytes }: RunFile): Reading {
  const fault = (code: FindingCode, detail: string): Reading => ({
    finding: { file: name.file, code, detail },
  })
  let text: string
  let body: JsonValue
  try {
    text = decodeUtf8(bytes)
    body = parseJson(text)
  } catch (error) {
    return parseFault(fault, error)
  }
  if (!isObject(body)) return fault('not-an-event', 'does not hold a JSON object')
  const { type, recordedAt, data } = body
  if (typeof type !== 'string' || type === '') return fault('not-an-event', 'has no type')
  if (typeof recordedAt !== 'string' || !isInstant(recordedAt))
    return fault('not-an-event', 'has no recordedAt in the form 2026-11-21T08:18:44.563Z')
  if (!isObject(data)) return fault('not-an-event', 'has no data object')
  const checksum = checkChecksum(text, body['checksum'])
  return {
    event: { ...name, type, recordedAt, data },
    ...(checksum === undefined ? {} : fault(checksum.code, checksum.detail)),
  }
}

function parseFault(fault: (code: FindingCode, detail: string) => Reading, error: unknown): Reading {
  if (!(error instanceof DaybookError)) throw error
  if (error.code === 'invalid-json') return fault('unparsable', `is not JSON: ${error.message}`)
  return fault('unsupported-value', `holds what a journal cannot keep: ${error.message}`)
}

interface Fault {
  readonly code: FindingCode
  readonly detail: string
}

function parseName(file: string): EventName | Finding {
  const name = file.slice('journal/'.length)
  if (isTemporary(name)) return { file, code: 'temporary-file', detail: 'is what a crash left of a write' }
  if (name.includes('/') || !name.endsWith('.json'))
    return { file, code: 'stray-file', detail: 'does not belong in journal/' }
  const match = /^(\d{6,15})\.([0-9A-Z]{26})\.json$/.exec(name)
  const seq = Number(match?.[1])
  const ulid = match?.[2] ?? ''
  if (match === null || !isUlid(ulid) || seq < 1 || match[1] !== String(seq).padStart(6, '0')) {
    return { file, code: 'bad-name', detail: 'is not named <6-digit sequence>.<ULID>.json' }
  }
  return { file, seq, ulid }
}

const checksumMember = ',\n  "checksum": "'

/**
 * The checksum is the SHA-256 of the same text without its last member, `checksum`. It is taken from the bytes as they
 * are: writing the object anew would hide differences of number format and key order, and would need no changed byte to be wrong.
 */
function checkChecksum(text: string, checksum: JsonValue | undefined): Fault | undefined {
  if (typeof checksum !== 'string') return { code: 'checksum-missing', detail: 'has no checksum' }
  const cut = text.lastIndexOf(checksumMember)
  // Whatever stood behind the checksum would not be covered by it.
  if (cut === -1 || text.slice(cut) !== `${checksumMember}${checksum}"\n}\n`) {
    return {
      code: 'checksum-wrong',
      detail: 'was formatted anew (or has members after its checksum), so that the checksum proves nothing',
    }
  }
  const actual = createHash('sha256')
    .update(`${text.slice(0, cut)}\n}\n`)
    .digest('hex')
  if (actual === checksum) return undefined
  return {
    code: 'checksum-wrong',
    detail: `was changed after it was written: its checksum is ${checksum}, its content has ${actual}`,
  }
}

/** Whether `value` is a JSON object and not a list. */
export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
