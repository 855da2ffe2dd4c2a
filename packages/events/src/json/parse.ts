import { DaybookError, type JsonValue } from '@daybook/errors'
import { Scanner } from './scanner.ts'

/** Deeper JSON is no payload but an attack on recursive readers. */
export const DEPTH_MAX = 32

/** Bounds of `parseJson`. */
export interface JsonLimits {
  /** Objects and lists inside each other; `{}` is one level. 32 unless told. */
  depthMax?: number
}

/**
 * Reads JSON that the journal can keep without loss, and refuses everything else instead of bending it. Messages name
 * the byte. Codes: invalid-json, duplicate-json-key (also when one is written with escapes), json-too-deep,
 * unsafe-number (an integer beyond ±(2^53 − 1), or not finite), invalid-string (\u0000, a lone surrogate).
 */
export function parseJson(text: string, limits: JsonLimits = {}): JsonValue {
  if (!text.isWellFormed()) throw new DaybookError('invalid-string', 'The JSON holds a lone surrogate.')
  new Scanner(text, limits.depthMax ?? DEPTH_MAX).scan()
  const value: JsonValue = JSON.parse(text)
  return value
}

/** Bytes to text, where wrong UTF-8 is refused (invalid-string) and not replaced by U+FFFD; a byte order mark stays. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new DaybookError('invalid-string', 'The bytes are not valid UTF-8.', { cause })
  }
}
