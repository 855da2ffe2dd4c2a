import { DaybookError } from '@daybook/errors'
import { decodeCursor, encodeCursor, invalidCursor, isKeepable } from '@daybook/eventing'
import { isInstant } from '@daybook/events'
import type { ApprovalsCursor } from './approvals/store.ts'
import type { SessionsCursor } from './sessions/store.ts'
import type { EffectsCursor } from './store/effects.ts'
import type { RunSort, RunsCursor } from './store/list-runs.ts'

/** For a list of runs. */
export function encodeRunsCursor({ sort, value, runId }: RunsCursor): string {
  return encodeCursor(sort, value, runId)
}

/** Of a list that was sorted in the same way. Code: `invalid-cursor`. */
export function decodeRunsCursor(cursor: string, sort: RunSort): RunsCursor {
  const [sorted, value, runId] = decodeCursor(cursor, 3)
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
  return encodeCursor(requestedSeq, effectId)
}

/** Code: `invalid-cursor`. */
export function decodeEffectsCursor(cursor: string): EffectsCursor {
  const [requestedSeq, effectId] = decodeCursor(cursor, 2)
  if (!isWhole(requestedSeq) || !isKeepable(effectId)) throw invalidCursor()
  return { requestedSeq, effectId }
}

/** For a list of approvals. */
export function encodeApprovalsCursor({ requestedAt, runId, effectId }: ApprovalsCursor): string {
  return encodeCursor(requestedAt, runId, effectId)
}

/** Code: `invalid-cursor`. */
export function decodeApprovalsCursor(cursor: string): ApprovalsCursor {
  const [requestedAt, runId, effectId] = decodeCursor(cursor, 3)
  if (typeof requestedAt !== 'string' || !isInstant(requestedAt)) throw invalidCursor()
  if (!isKeepable(runId) || !isKeepable(effectId)) throw invalidCursor()
  return { requestedAt, runId, effectId }
}

/** For a list of sessions. */
export function encodeSessionsCursor({ createdAt, sessionId }: SessionsCursor): string {
  return encodeCursor(createdAt, sessionId)
}

/** Code: `invalid-cursor`. */
export function decodeSessionsCursor(cursor: string): SessionsCursor {
  const [createdAt, sessionId] = decodeCursor(cursor, 2)
  if (!isInstantText(createdAt) || !isKeepable(sessionId)) throw invalidCursor()
  return { createdAt, sessionId }
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
