import { DaybookError } from '@daybook/errors'
import {
  type AppendResult,
  type ApprovalDetails,
  type Effect,
  type JournalEvent,
  type Receipt,
  readJournalEvent,
} from '@daybook/events'
import type { ReadRun } from './daybook.ts'
import type { Answer } from './http.ts'

/**
 * These look at what a program would trip over first: the members it takes apart. The server made the rest from the
 * same schemas as the types, and a newer server may say more than this version knows.
 */
export function isReadRun(value: unknown): value is ReadRun {
  return hasTexts(value, 'runId', 'status') && hasNumbers(value, 'lastSeq')
}

export function isEffect(value: unknown): value is Effect {
  return hasTexts(value, 'effectId', 'runId', 'kind', 'status')
}

export function isApproval(value: unknown): value is ApprovalDetails {
  return hasTexts(value, 'effectId', 'runId', 'status', 'requestedAt')
}

function isReceipt(value: unknown): value is Receipt {
  return hasTexts(value, 'id', 'stream') && hasNumbers(value, 'seq', 'position') && 'duplicate' in value
}

/** The event of one SSE frame. Throws `invalid-json` or `invalid-request`, which no reconnection can mend. */
export function toJournalEvent(text: string): JournalEvent {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new DaybookError('invalid-json', 'The live tail sent something that is not JSON.', { cause })
  }
  return readJournalEvent(value)
}

export function toAppendResult(body: unknown): AppendResult {
  return { receipts: listOf(body, 'receipts', isReceipt) }
}

/** One page of a list and the cursor of the next; `undefined` when this was the last. */
export interface Page<Item, Cursor = string> {
  readonly items: readonly Item[]
  readonly next: Cursor | undefined
  /** The journal position the answer reflects, where the server says so. */
  readonly position: number | undefined
  /** Of a list of runs: how many are left out from an event on, some of them wholly and therefore not listed. */
  readonly parked?: number
}

export function toPage<Item>(
  answer: Answer,
  name: string,
  isItem: (value: unknown) => value is Item,
): Page<Item> {
  const page = {
    items: listOf(answer.body, name, isItem),
    next: nextOf(answer),
    position: positionOf(answer),
  }
  const parked = isRecord(answer.body) ? answer.body['parked'] : undefined
  return typeof parked === 'number' ? { ...page, parked } : page
}

export function toEventsPage(answer: Answer): Page<JournalEvent, number> {
  const next = nextOf(answer)
  const items = listOf(answer.body, 'events', isRecord).map(readJournalEvent)
  return { items, next: next === undefined ? undefined : Number(next), position: positionOf(answer) }
}

function nextOf({ body }: Answer): string | undefined {
  const next = isRecord(body) ? (body['next'] ?? body['nextCursor']) : undefined
  return typeof next === 'string' || typeof next === 'number' ? String(next) : undefined
}

export function one<T>(answer: Answer, isIt: (value: unknown) => value is T): T {
  return oneOf(answer.body, isIt)
}

export function oneOf<T>(value: unknown, isIt: (value: unknown) => value is T): T {
  if (isIt(value)) return value
  throw unexpected()
}

/** Header `Daybook-Position` of a read. */
export function positionOf(answer: Answer): number | undefined {
  const text = answer.headers.get('daybook-position')
  return text === null ? undefined : Number(text)
}

export function listOf<Item>(body: unknown, name: string, isItem: (value: unknown) => value is Item): Item[] {
  const list = isRecord(body) ? body[name] : undefined
  if (!Array.isArray(list) || !list.every(isItem)) throw unexpected()
  return list
}

function unexpected(): DaybookError {
  return new DaybookError(
    'internal',
    'The answer does not have the expected form. Check that the URL is that of a Daybook gateway of this version.',
  )
}

export function hasTexts<Name extends string>(
  value: unknown,
  ...names: Name[]
): value is Record<Name, string> {
  return isRecord(value) && names.every((name) => typeof value[name] === 'string')
}

export function hasNumbers<Name extends string>(
  value: unknown,
  ...names: Name[]
): value is Record<Name, number> & Record<string, unknown> {
  return isRecord(value) && names.every((name) => typeof value[name] === 'number')
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isListOf(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isItem)
}
