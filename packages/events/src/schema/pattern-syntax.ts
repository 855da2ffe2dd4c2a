import { refuseSchema } from './refuse-schema.ts'

/** A regular expression as a tree. `end` and `start` match between characters. */
export type Expression =
  | { readonly is: 'character'; readonly fits: (codePoint: number) => boolean }
  | { readonly is: 'start' | 'end' }
  | { readonly is: 'sequence' | 'choice'; readonly parts: readonly Expression[] }
  | { readonly is: 'repeat'; readonly part: Expression; readonly min: number; readonly max: number }

/**
 * Reads a pattern (ECMA-262, flag `u`, as JSON Schema asks) into a tree. What cannot be matched in linear time is refused
 * by name: back references, and looking ahead or behind. Code: invalid-schema.
 */
export function readPattern(source: string, path: string): Expression {
  if (!isExpression(source)) throw refuseSchema(path, 'is not a regular expression')
  return new Reader(source, path).read()
}

/** The language itself says whether it is one; the reader then reads its structure only. */
function isExpression(source: string): boolean {
  try {
    return new RegExp(source, 'u').unicode
  } catch {
    return false
  }
}

/** Its source is known to be valid, so every bracket has its partner and every escape its letters. */
class Reader {
  readonly #source: string
  readonly #path: string
  #at = 0

  constructor(source: string, path: string) {
    this.#source = source
    this.#path = path
  }

  read(): Expression {
    const parts = [this.#sequence()]
    while (this.#skip('|')) parts.push(this.#sequence())
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { is: 'choice', parts }
  }

  #sequence(): Expression {
    const parts: Expression[] = []
    while (this.#at < this.#source.length && !this.#sees('|') && !this.#sees(')')) {
      parts.push(this.#repeated(this.#atom()))
    }
    return { is: 'sequence', parts }
  }

  /** Whether a repetition is greedy or lazy matters for what is found, not for whether something is. */
  #repeated(part: Expression): Expression {
    const [text, min, max] = this.#quantifier()
    if (text === '') return part
    this.#at += text.length
    this.#skip('?')
    return { is: 'repeat', part, min, max }
  }

  #quantifier(): [text: string, min: number, max: number] {
    if (this.#sees('*')) return ['*', 0, Number.POSITIVE_INFINITY]
    if (this.#sees('+')) return ['+', 1, Number.POSITIVE_INFINITY]
    if (this.#sees('?')) return ['?', 0, 1]
    const [text, min, comma, max] = this.#take(/\{(\d+)(,?)(\d*)\}/y)
    if (text === undefined) return ['', 1, 1]
    const atLeast = Number(min)
    if (comma === '') return [text, atLeast, atLeast]
    return [text, atLeast, max === '' ? Number.POSITIVE_INFINITY : Number(max)]
  }

  #atom(): Expression {
    if (this.#skip('^')) return { is: 'start' }
    if (this.#skip('$')) return { is: 'end' }
    if (this.#sees('(')) return this.#group()
    this.#refuse(/\\([1-9]|k<)/y, 'refers back to a group')
    this.#refuse(/\\b/iy, 'looks at the edge of a word')
    return this.#character()
  }

  #group(): Expression {
    this.#refuse(/\(\?<?[=!]/y, 'looks ahead or behind')
    this.#refuse(/\(\?[a-z-]/y, 'changes the flags')
    const [opening] = this.#take(/\((?:\?:|\?<[^>]*>)?/y)
    this.#at += opening?.length ?? 1
    const inner = this.read()
    this.#skip(')')
    return inner
  }

  /** One character, or a class of them. Which ones it stands for the language says, asked about one at a time. */
  #character(): Expression {
    const [text = ''] = this.#take(
      /\[(?:[^\]\\]|\\.)*\]|\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|\\u\{[^}]*\}|\\u.{4}|\\x..|\\p\{[^}]*\}|\\c.|\\.|./isuy,
    )
    this.#at += text.length
    const single = new RegExp(`^${text}$`, 'u')
    return { is: 'character', fits: (codePoint) => single.test(String.fromCodePoint(codePoint)) }
  }

  #sees(sign: string): boolean {
    return this.#source.startsWith(sign, this.#at)
  }

  #skip(sign: string): boolean {
    const found = this.#sees(sign)
    if (found) this.#at += sign.length
    return found
  }

  #take(sticky: RegExp): readonly (string | undefined)[] {
    sticky.lastIndex = this.#at
    return sticky.exec(this.#source) ?? []
  }

  #refuse(sticky: RegExp, what: string): void {
    if (this.#take(sticky).length === 0) return
    throw refuseSchema(this.#path, `${what}, which cannot be checked in bounded time`)
  }
}
