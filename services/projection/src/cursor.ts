import { DaybookError } from '@daybook/errors'
import { isInstant } from '@daybook/events'
import type { ApprovalsCursor } from './approvals/store.ts'
import type { SessionsCursor } from './sessions/store.ts'
import type { EffectsCursor } from './store/effects.ts'
import type { RunSort, RunsCursor } from './store/list-runs.ts'

/**
 * Cursors are opaque: base64url of what a page was ordered by. They name a place, not a page, so nothing is skipped or
 * repeated when rows are added in between.
 */
function encode(...parts: (string | number)[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url')
}

function decode(cursor: string, length = 2): unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    if (Array.isArray(parts) && parts.length === length) return parts
  } catch {
    // Not ours, as every other text that does not hold so many parts.
  }
  throw invalidCursor()
}

function invalidCursor(): DaybookError {
  return new DaybookError(
    'invalid-cursor',
    'Use a cursor that an answer gave as `next`, unchanged, or none to start over.',
  )
}

/** For a list of runs. */
export function encodeRunsCursor({ sort, value, runId }: RunsCursor): string {
  return encode(sort, value, runId)
}

/** Of a list that was sorted in the same way. Code: `invalid-cursor`. */
export function decodeRunsCursor(cursor: string, sort: RunSort): RunsCursor {
  const [sorted, value, runId] = decode(cursor, 3)
  if (sorted !== sort || !isKeepable(runId)) throw invalidCursor()
  if (sort === 'duration' && isWhole(value)) return { sort, value, runId }
  if (sort !== 'duration' && isInstantText(value)) return { sort, value, runId }
  throw invalidCursor()
}

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value)
}

function isInstantText(value: unknown): value is string {
  return typeof value === 'string' && isInstant(value)
}

/** For a list of effects. */
export function encodeEffectsCursor({ requestedSeq, effectId }: EffectsCursor): string {
  return encode(requestedSeq, effectId)
}

/** Code: `invalid-cursor`. */
export function decodeEffectsCursor(cursor: string): EffectsCursor {
  const [requestedSeq, effectId] = decode(cursor, 2)
  if (!isWhole(requestedSeq) || !isKeepable(effectId)) throw invalidCursor()
  return { requestedSeq, effectId }
}

/** For a list of approvals. */
export function encodeApprovalsCursor({ requestedAt, runId, effectId }: ApprovalsCursor): string {
  return encode(requestedAt, runId, effectId)
}

/** Code: `invalid-cursor`. */
export function decodeApprovalsCursor(cursor: string): ApprovalsCursor {
  const [requestedAt, runId, effectId] = decode(cursor, 3)
  if (typeof requestedAt !== 'string' || !isInstant(requestedAt)) throw invalidCursor()
  if (!isKeepable(runId) || !isKeepable(effectId)) throw invalidCursor()
  return { requestedAt, runId, effectId }
}

/** For a list of sessions. */
export function encodeSessionsCursor({ createdAt, sessionId }: SessionsCursor): string {
  return encode(createdAt, sessionId)
}

/** Code: `invalid-cursor`. */
export function decodeSessionsCursor(cursor: string): SessionsCursor {
  const [createdAt, sessionId] = decode(cursor, 2)
  if (!isInstantText(createdAt) || !isKeepable(sessionId)) throw invalidCursor()
  return { createdAt, sessionId }
}

/** For a walk through all streams of a kind, in the order of their ids. */
export function encodeIdCursor(kind: string, id: string): string {
  return encode(kind, id)
}

/** Code: `invalid-cursor`. */
export function decodeIdCursor(kind: string, cursor: string): string {
  const [of, id] = decode(cursor, 2)
  if (of !== kind || !isKeepable(id)) throw invalidCursor()
  return id
}

/** Postgres has no text with a NUL in it, and refuses to compare with one. */
function isKeepable(id: unknown): id is string {
  return typeof id === 'string' && !id.includes('\u0000')
}

/** A position as a client sends it back (`Last-Event-ID`). Code: `invalid-cursor`. */
export function decodePosition(text: string): number {
  const position = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(position)) return position
  throw new DaybookError(
    'invalid-cursor',
    'Last-Event-ID is the id of an event of this stream: a position, digits only.',
  )
}
