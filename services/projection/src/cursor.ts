import { DaybookError } from '@daybook/errors'
import { isInstant } from '@daybook/events'
import type { EffectsCursor } from './store/effects.ts'
import type { RunsCursor } from './store/runs.ts'

/**
 * Cursors are opaque: base64url of what a page was ordered by. They name a place, not a page, so nothing is skipped or
 * repeated when rows are added in between.
 */
function encode(...parts: (string | number)[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url')
}

function decode(cursor: string): unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    if (Array.isArray(parts) && parts.length === 2) return parts
  } catch {
    // Not ours, as every other text that does not hold two parts.
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
export function encodeRunsCursor({ createdAt, runId }: RunsCursor): string {
  return encode(createdAt, runId)
}

/** Code: `invalid-cursor`. */
export function decodeRunsCursor(cursor: string): RunsCursor {
  const [createdAt, runId] = decode(cursor)
  if (typeof createdAt !== 'string' || !isInstant(createdAt) || !isKeepable(runId)) throw invalidCursor()
  return { createdAt, runId }
}

/** For a list of effects. */
export function encodeEffectsCursor({ requestedSeq, effectId }: EffectsCursor): string {
  return encode(requestedSeq, effectId)
}

/** Code: `invalid-cursor`. */
export function decodeEffectsCursor(cursor: string): EffectsCursor {
  const [requestedSeq, effectId] = decode(cursor)
  if (typeof requestedSeq !== 'number' || !Number.isSafeInteger(requestedSeq) || !isKeepable(effectId))
    throw invalidCursor()
  return { requestedSeq, effectId }
}

/** For a walk through the runs in the order of their ids. */
export function encodeRunIdCursor(runId: string): string {
  return encode('run', runId)
}

/** Code: `invalid-cursor`. */
export function decodeRunIdCursor(cursor: string): string {
  const [kind, runId] = decode(cursor)
  if (kind !== 'run' || !isKeepable(runId)) throw invalidCursor()
  return runId
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
