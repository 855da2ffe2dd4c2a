import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compilePattern } from '../src/schema/pattern.ts'
import { refusalOf } from './refusal.ts'

const matches = (pattern: string, text: string) => compilePattern(pattern, 'pattern')(text)

const atoms = [
  'a',
  'b',
  '-',
  '.',
  '[ab]',
  '[^a]',
  '[a-c]',
  '\\d',
  '\\W',
  '[\\-]',
  '[\\]a]',
  '\\x61',
  '\\u0062',
  '^',
  '$',
  '/',
  '\\u{1F600}',
  '\\uD83D\\uDE00',
  '😀',
  '\\p{L}',
  '[\\p{Lu}\\d]',
]

/** Patterns over a small alphabet, so that they often match, with everything that is taken. */
const patterns = fc.letrec<{ choice: string; sequence: string; repeated: string; atom: string }>((tie) => ({
  choice: fc.array(tie('sequence'), { minLength: 1, maxLength: 3 }).map((parts) => parts.join('|')),
  sequence: fc.array(tie('repeated'), { maxLength: 4 }).map((parts) => parts.join('')),
  repeated: fc
    .tuple(tie('atom'), fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{0}', '{1,}', '{0,2}', '*?', '+?'))
    .map(([atom, quantifier]) => (/^[\^$]$/.test(atom) ? atom : `${atom}${quantifier}`)),
  atom: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    fc.constantFrom(...atoms),
    tie('choice').map((inner) => `(${inner})`),
    tie('choice').map((inner) => `(?:${inner})`),
  ),
}))
/** Longer ones come to more steps than are taken. */
const shortPatterns = patterns.choice.filter((pattern) => pattern.length <= 40)
const texts = fc.string({
  unit: fc.constantFrom('a', 'b', 'c', '1', '-', '😀', 'Ä', '\n', '/'),
  maxLength: 8,
})

describe('a pattern', () => {
  it('matches what the regular expression of the language matches', () => {
    fc.assert(
      fc.property(shortPatterns, fc.array(texts, { minLength: 1, maxLength: 8 }), (pattern, given) => {
        const expected = new RegExp(pattern, 'u')
        const fits = compilePattern(pattern, 'pattern')
        for (const text of given)
          expect([pattern, text, fits(text)]).toEqual([pattern, text, expected.test(text)])
      }),
      { numRuns: 2_000 },
    )
  })

  it.each([
    ['^[0-9A-HJKMNP-TV-Z]{26}$', '01K00000000000000000000001', true],
    ['^[0-9A-HJKMNP-TV-Z]{26}$', '01k00000000000000000000001', false],
    ['^(?<year>\\d{4})-\\d{2}-\\d{2}$', '2026-11-21', true],
    ['^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$', 'someone@example.org', true],
    ['^[a-z].{1,200}$', 'b'.repeat(200), true],
    ['^.{1,9}$', 'ten in all', false],
    ['needle', 'hay needle hay', true],
    ['', 'anything', true],
  ])('%s on %s: %s', (pattern, text, expected) => {
    expect(matches(pattern, text)).toBe(expected)
  })

  it.each(['^(a|a)*$', '^(a+)+$', '^(a*)*b', '(.*)*(.*)*x', '^(([a-z])+.)+[A-Z]([a-z])+$'])(
    'that would keep a backtracking engine busy for ever takes milliseconds: %s',
    (pattern) => {
      const fits = compilePattern(pattern, 'pattern')
      const startedAt = performance.now()
      expect(fits(`${'a'.repeat(4_000)}!`)).toBe(false)
      // The engine of the language needs 2^4000 steps for most of these; the bound only has to tell the two apart.
      expect(performance.now() - startedAt).toBeLessThan(2_000)
    },
  )

  it.each([
    ['(a)\\1', 'refers back'],
    ['(?<x>a)\\k<x>', 'refers back'],
    ['a(?=b)', 'looks ahead or behind'],
    ['(?!a)b', 'looks ahead or behind'],
    ['(?<=a)b', 'looks ahead or behind'],
    ['(?<!a)b', 'looks ahead or behind'],
    ['\\bword\\b', 'edge of a word'],
    ['(', 'is not a regular expression'],
    ['[z-a]', 'is not a regular expression'],
    ['\\q', 'is not a regular expression'],
    ['(((a{100}){100}){100}){100}', 'repeats too much'],
    ['(a?){300}a{300}', 'repeats too much'],
    ['a{99999999999999999999}', 'repeats too much'],
    ['(?:){99999999999}', 'repeats too much'],
  ])('that cannot be matched within bounds is refused: %s', (pattern, why) => {
    const refusal = refusalOf(() => compilePattern(pattern, 'schema.pattern'))
    expect(refusal).toEqual({ code: 'invalid-schema', message: expect.stringContaining(why) })
  })
})
