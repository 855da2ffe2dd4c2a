import { DaybookError } from '@daybook/errors'

/**
 * Cursors are opaque: base64url of what a page was ordered by. They name a place, not a page, so nothing is skipped or
 * repeated when rows are added in between.
 */
export function encodeCursor(...parts: (string | number)[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url')
}

/** The parts of a cursor, of which only their number is known: whoever reads it checks each. Code: `invalid-cursor`. */
export function decodeCursor(cursor: string, length = 2): unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    if (Array.isArray(parts) && parts.length === length) return parts
  } catch {
    // Not ours, as every other text that does not hold so many parts.
  }
  throw invalidCursor()
}

/** Code: `invalid-cursor`. */
export function invalidCursor(): DaybookError {
  return new DaybookError(
    'invalid-cursor',
    'Use a cursor that an answer gave as `next`, unchanged, or none to start over.',
  )
}

/** For a walk through all streams of a kind, in the order of their ids. */
export function encodeIdCursor(kind: string, id: string): string {
  return encodeCursor(kind, id)
}

/** Code: `invalid-cursor`. */
export function decodeIdCursor(kind: string, cursor: string): string {
  const [of, id] = decodeCursor(cursor, 2)
  if (of !== kind || !isKeepable(id)) throw invalidCursor()
  return id
}

/** Postgres has no text with a NUL in it, and refuses to compare with one. */
export function isKeepable(id: unknown): id is string {
  return typeof id === 'string' && !id.includes('\u0000')
}
