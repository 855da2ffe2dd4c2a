import { isSafeLiteral } from './number.ts'
import { refuse, refuseSyntax } from './refuse.ts'

const MINUS = 0x2d
const POINT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const LOWER_E = 0x65
const UPPER_E = 0x45
const PLUS = 0x2b
/** An integer of up to 15 digits is always safe, so only longer literals are looked at twice. */
const PLAIN_LENGTH_MAX = 15

/** The index after the number that begins at `start`. Codes: invalid-json, unsafe-number. */
export function scanNumber(text: string, start: number): number {
  const first = text.charCodeAt(start) === MINUS ? start + 1 : start
  const integerEnd = scanDigits(text, first)
  if (text.charCodeAt(first) === ZERO && integerEnd > first + 1)
    refuseSyntax(text, start, 'a number has a leading zero')
  const end = scanExponent(text, scanFraction(text, integerEnd))
  const isPlain = end === integerEnd && end - start <= PLAIN_LENGTH_MAX
  if (isPlain || isSafeLiteral(text.slice(start, end))) return end
  const reason = 'a number is neither a safe integer nor a finite double; send it as a string'
  return refuse(text, start, { code: 'unsafe-number', reason })
}

/** Whether a character code is one of 0 to 9. */
export function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE
}

function scanFraction(text: string, at: number): number {
  return text.charCodeAt(at) === POINT ? scanDigits(text, at + 1) : at
}

function scanExponent(text: string, at: number): number {
  const letter = text.charCodeAt(at)
  if (letter !== LOWER_E && letter !== UPPER_E) return at
  const sign = text.charCodeAt(at + 1)
  return scanDigits(text, sign === PLUS || sign === MINUS ? at + 2 : at + 1)
}

function scanDigits(text: string, start: number): number {
  let at = start
  while (isDigit(text.charCodeAt(at))) at++
  if (at === start) refuseSyntax(text, at, 'a digit is missing')
  return at
}
