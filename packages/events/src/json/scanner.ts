import { DaybookError, type ErrorCode } from '@daybook/errors'
import { isSafeLiteral } from './number.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const SPACE = 0x20
const COMMA = 0x2c
const COLON = 0x3a
const MINUS = 0x2d
const POINT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
/** An integer of up to 15 digits is always safe, so only longer literals are looked at twice. */
const PLAIN_DIGITS_MAX = 15
const HEX4 = /^[0-9a-fA-F]{4}$/
const WORDS = ['true', 'false', 'null'] as const

/**
 * Walks once over a JSON text (RFC 8259) and throws at the first thing that the journal refuses. It builds nothing:
 * what it lets pass is handed to `JSON.parse`, which alone would take duplicate keys, lost digits and lone surrogates.
 */
export class Scanner {
  private at = 0
  private depth = 0
  private escaped = false
  private readonly text: string
  private readonly depthMax: number

  constructor(text: string, depthMax: number) {
    this.text = text
    this.depthMax = depthMax
  }

  /** Codes: invalid-json, duplicate-json-key, json-too-deep, unsafe-number, invalid-string. */
  scan(): void {
    this.skipBlanks()
    this.value()
    this.skipBlanks()
    if (this.at < this.text.length) this.refuse('invalid-json', 'more text after the value')
  }

  private value(): void {
    const code = this.text.charCodeAt(this.at)
    if (code === QUOTE) this.string()
    else if (code === OPEN_BRACE) this.container(CLOSE_BRACE)
    else if (code === OPEN_BRACKET) this.container(CLOSE_BRACKET)
    else if (code === MINUS || isDigit(code)) this.number()
    else this.word()
  }

  private container(close: number): void {
    if (++this.depth > this.depthMax) this.refuse('json-too-deep', `more than ${this.depthMax} levels`)
    this.at++
    this.skipBlanks()
    if (this.text.charCodeAt(this.at) === close) this.at++
    else if (close === CLOSE_BRACE) this.members()
    else this.elements()
    this.depth--
  }

  private elements(): void {
    do {
      this.skipBlanks()
      this.value()
      this.skipBlanks()
    } while (this.goesOn(CLOSE_BRACKET))
  }

  private members(): void {
    const keys = new Set<string>()
    do {
      this.skipBlanks()
      const start = this.at
      const key = this.key()
      if (keys.has(key)) {
        this.at = start
        this.refuse('duplicate-json-key', `the key ${JSON.stringify(key)} comes twice`)
      }
      keys.add(key)
      this.skipBlanks()
      if (this.text.charCodeAt(this.at) !== COLON) this.refuse('invalid-json', 'a colon is missing')
      this.at++
      this.skipBlanks()
      this.value()
      this.skipBlanks()
    } while (this.goesOn(CLOSE_BRACE))
  }

  /** The key as it is meant: `"\u0061"` and `"a"` are the same one. */
  private key(): string {
    if (this.text.charCodeAt(this.at) !== QUOTE) this.refuse('invalid-json', 'a key in quotes is missing')
    const start = this.at
    this.string()
    if (!this.escaped) return this.text.slice(start + 1, this.at - 1)
    return String(JSON.parse(this.text.slice(start, this.at)))
  }

  private goesOn(close: number): boolean {
    const code = this.text.charCodeAt(this.at)
    if (code !== COMMA && code !== close) this.refuse('invalid-json', 'a comma or the closing bracket is missing')
    this.at++
    return code === COMMA
  }

  private string(): void {
    const { text } = this
    this.escaped = false
    let at = this.at + 1
    for (;;) {
      const code = text.charCodeAt(at)
      if (code === QUOTE) break
      if (code === BACKSLASH) {
        this.at = at
        this.escape()
        at = this.at
      } else if (code >= SPACE) at++
      else this.refuseText(at)
    }
    this.at = at + 1
  }

  /** The end of the text compares as NaN, which is not below a space either, so both cases end up here. */
  private refuseText(at: number): never {
    this.at = at
    if (at >= this.text.length) this.refuse('invalid-json', 'the text ends inside a string')
    this.refuse('invalid-json', 'a control character in a string has to be escaped')
  }

  private escape(): void {
    const { text, at } = this
    this.escaped = true
    const letter = text.charAt(at + 1)
    this.at = at + 2
    if (letter === 'u') this.unicodeEscape(at)
    else if (letter === '' || !'"\\/bfnrt'.includes(letter)) {
      this.at = at
      this.refuse('invalid-json', 'an unknown escape')
    }
  }

  private unicodeEscape(start: number): void {
    const unit = this.hexUnit(start)
    this.at = start + 6
    if (unit !== 0 && (unit & 0xf800) !== 0xd800) return
    const isPair = unit >= 0xd800 && unit <= 0xdbff && this.text.startsWith('\\u', start + 6)
    if (isPair && (this.hexUnit(start + 6) & 0xfc00) === 0xdc00) {
      this.at = start + 12
      return
    }
    this.at = start
    this.refuse('invalid-string', unit === 0 ? '\\u0000 cannot be kept' : 'a lone surrogate is not a character')
  }

  private hexUnit(start: number): number {
    const digits = this.text.slice(start + 2, start + 6)
    if (HEX4.test(digits)) return Number.parseInt(digits, 16)
    this.at = start
    return this.refuse('invalid-json', '\\u needs four hexadecimal digits')
  }

  private number(): void {
    const { text, at: start } = this
    if (text.charCodeAt(this.at) === MINUS) this.at++
    const isZero = text.charCodeAt(this.at) === ZERO
    this.digits()
    if (isZero && this.at > start + (text.charCodeAt(start) === MINUS ? 2 : 1)) {
      this.at = start
      this.refuse('invalid-json', 'a number has a leading zero')
    }
    let isPlain = true
    if (text.charCodeAt(this.at) === POINT) {
      isPlain = false
      this.at++
      this.digits()
    }
    const letter = text.charAt(this.at)
    if (letter === 'e' || letter === 'E') {
      isPlain = false
      const sign = text.charAt(++this.at)
      if (sign === '+' || sign === '-') this.at++
      this.digits()
    }
    if (isPlain && this.at - start <= PLAIN_DIGITS_MAX) return
    if (isSafeLiteral(text.slice(start, this.at))) return
    this.at = start
    this.refuse('unsafe-number', 'a number is neither a safe integer nor a finite double; send it as a string')
  }

  private digits(): void {
    const start = this.at
    while (isDigit(this.text.charCodeAt(this.at))) this.at++
    if (this.at === start) this.refuse('invalid-json', 'a digit is missing')
  }

  private word(): void {
    const word = WORDS.find((word) => this.text.startsWith(word, this.at))
    if (word !== undefined) this.at += word.length
    else if (this.at >= this.text.length) this.refuse('invalid-json', 'the text ends before a value')
    else this.refuse('invalid-json', 'this is not the start of a value')
  }

  private skipBlanks(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at)
      if (code !== SPACE && code !== 0x0a && code !== 0x0d && code !== 0x09) return
      this.at++
    }
  }

  private refuse(code: ErrorCode, reason: string): never {
    const byte = Buffer.byteLength(this.text.slice(0, this.at))
    throw new DaybookError(code, `At byte ${byte} of the JSON: ${reason}.`, { details: { byte } })
  }
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE
}
