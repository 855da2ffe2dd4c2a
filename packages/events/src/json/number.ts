/** From here on the canonical form of a number has an exponent (ECMA-262, Number::toString). */
const EXPONENT_FROM = 1e21

/**
 * Whether a number means the same to every reader of the journal: a safe integer or a finite double. An integer beyond
 * ±(2^53 − 1) would be written as plain digits, and a language with wider integers would read another number out of it.
 */
export function isSafeNumber(value: number): boolean {
  const size = Math.abs(value)
  return size <= Number.MAX_SAFE_INTEGER || (size >= EXPONENT_FROM && size < Number.POSITIVE_INFINITY)
}

/** The same question about a literal, where digits that a double would lose are still visible. */
export function isSafeLiteral(literal: string): boolean {
  const value = Number(literal)
  if (!isSafeNumber(value)) return false
  return !/^-?\d{16,}$/.test(literal) || BigInt(literal) === BigInt(value)
}
