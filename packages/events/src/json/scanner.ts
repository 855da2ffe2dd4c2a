import { refuse, refuseSyntax } from './refuse.ts'
import { isDigit, scanNumber } from './scan-number.ts'
import { scanString } from './scan-string.ts'
import { shown } from './shown.ts'

const QUOTE = 0x22
const SPACE = 0x20
const TAB = 0x09
const LINE_FEED = 0x0a
const RETURN = 0x0d
const COMMA = 0x2c
const COLON = 0x3a
const MINUS = 0x2d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const WORDS = ['true', 'false', 'null'] as const

/**
 * Walks once over a well-formed JSON text (RFC 8259) and throws at the first thing that the journal refuses. It builds
 * nothing: what it lets pass is handed to `JSON.parse`, which alone would take duplicate keys, lost digits and lone
 * surrogates.
 */
export class Scanner {
  private at = 0
  private depth = 0
  private readonly text: string
  private readonly depthMax: number

  constructor(text: string, depthMax: number) {
    this.text = text
    this.depthMax = depthMax
  }

  /** Codes: invalid-json, duplicate-json-key, json-too-deep, unsafe-number, invalid-string. */
  scan(): void {
    this.value()
    if (this.at < this.text.length) refuseSyntax(this.text, this.at, 'more text after the value')
  }

  /** One value and the blanks around it. */
  private value(): void {
    const code = this.next()
    if (code === QUOTE) this.at = scanString(this.text, this.at)
    else if (code === OPEN_BRACE) this.container(CLOSE_BRACE)
    else if (code === OPEN_BRACKET) this.container(CLOSE_BRACKET)
    else if (code === MINUS || isDigit(code)) this.at = scanNumber(this.text, this.at)
    else this.word()
    this.next()
  }

  private container(close: number): void {
    if (++this.depth > this.depthMax) {
      refuse(this.text, this.at, { code: 'json-too-deep', reason: `more than ${this.depthMax} levels` })
    }
    this.at++
    if (this.next() === close) this.at++
    else if (close === CLOSE_BRACE) this.members()
    else this.elements()
    this.depth--
  }

  private elements(): void {
    do this.value()
    while (this.goesOn(CLOSE_BRACKET))
  }

  private members(): void {
    const keys = new Set<string>()
    do {
      this.next()
      const start = this.at
      const key = this.key()
      if (keys.has(key)) {
        const reason = `the key "${shown(key)}" comes twice`
        refuse(this.text, start, { code: 'duplicate-json-key', reason })
      }
      keys.add(key)
      if (this.next() !== COLON) refuseSyntax(this.text, this.at, 'a colon is missing')
      this.at++
      this.value()
    } while (this.goesOn(CLOSE_BRACE))
  }

  /** The key as it is meant: `"\u0061"` and `"a"` are the same one. */
  private key(): string {
    const { text, at: start } = this
    if (text.charCodeAt(start) !== QUOTE) refuseSyntax(text, start, 'a key in quotes is missing')
    this.at = scanString(text, start)
    const key = text.slice(start + 1, this.at - 1)
    return key.includes('\\') ? String(JSON.parse(`"${key}"`)) : key
  }

  private goesOn(close: number): boolean {
    const code = this.text.charCodeAt(this.at)
    if (code !== COMMA && code !== close) {
      refuseSyntax(this.text, this.at, 'a comma or the closing bracket is missing')
    }
    this.at++
    return code === COMMA
  }

  private word(): void {
    const word = WORDS.find((word) => this.text.startsWith(word, this.at))
    if (word !== undefined) this.at += word.length
    else if (this.at >= this.text.length) refuseSyntax(this.text, this.at, 'the text ends before a value')
    else refuseSyntax(this.text, this.at, 'this is not the start of a value')
  }

  /** Skips blanks; the code of the character after them, NaN at the end. */
  private next(): number {
    for (;;) {
      const code = this.text.charCodeAt(this.at)
      if (code !== SPACE && code !== LINE_FEED && code !== RETURN && code !== TAB) return code
      this.at++
    }
  }
}
