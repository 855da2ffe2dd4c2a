import { refuse, refuseSyntax } from './refuse.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const SPACE = 0x20
const HEX4 = /^[0-9a-fA-F]{4}$/

/**
 * The index after the string that begins at `start`. The text as a whole is well-formed, so only escapes can make a
 * lone surrogate. Codes: invalid-json, invalid-string.
 */
export function scanString(text: string, start: number): number {
  let at = start + 1
  for (;;) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) return at + 1
    if (code === BACKSLASH) at = scanEscape(text, at)
    else if (code >= SPACE) at++
    else refuseCharacter(text, at)
  }
}

/** Past the end the code is NaN, which is not below a space either, so both cases come here. */
function refuseCharacter(text: string, at: number): never {
  if (at >= text.length) refuseSyntax(text, at, 'the text ends inside a string')
  refuseSyntax(text, at, 'a control character in a string has to be escaped')
}

function scanEscape(text: string, at: number): number {
  const letter = text.charAt(at + 1)
  if (letter === 'u') return scanUnicodeEscape(text, at)
  if (letter === '' || !'"\\/bfnrt'.includes(letter)) refuseSyntax(text, at, 'an unknown escape')
  return at + 2
}

function scanUnicodeEscape(text: string, at: number): number {
  const unit = hexUnit(text, at)
  if (unit === 0) refuse(text, at, { code: 'invalid-string', reason: '\\u0000 cannot be kept' })
  if (unit < 0xd800 || unit > 0xdfff) return at + 6
  const isPair = unit <= 0xdbff && text.startsWith('\\u', at + 6)
  if (isPair && (hexUnit(text, at + 6) & 0xfc00) === 0xdc00) return at + 12
  return refuse(text, at, { code: 'invalid-string', reason: 'a lone surrogate is not a character' })
}

function hexUnit(text: string, at: number): number {
  const digits = text.slice(at + 2, at + 6)
  if (!HEX4.test(digits)) refuseSyntax(text, at, '\\u needs four hexadecimal digits')
  return Number.parseInt(digits, 16)
}
