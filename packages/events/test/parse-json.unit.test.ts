import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { requireKeepable } from '../src/json/keepable.ts'
import { decodeUtf8, parseJson } from '../src/json/parse.ts'
import { refusalOf } from './refusal.ts'

function codeOf(act: () => unknown): string {
  return refusalOf(act).code
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

describe('parseJson', () => {
  it.each([
    '',
    ' ',
    '{',
    '}',
    '[1,]',
    '{"a":1,}',
    '{a:1}',
    "{'a':1}",
    '01',
    '-01',
    '1.',
    '.5',
    '+1',
    '-',
    '1e',
    '1e+',
    '0x1',
    'NaN',
    'Infinity',
    'undefined',
    'tru',
    'nul',
    'True',
    '"',
    '"a',
    '"\\"',
    '"\\x"',
    '"\\u12"',
    '"\\u12g4"',
    '"\t"',
    '"\n"',
    '1 2',
    '[1 2]',
    '{"a" 1}',
    '{"a":}',
    '{1:2}',
    '[,]',
    '\ufeff1',
    '//x\n1',
    '"\u0000"',
    '\u00a01',
    '{"a":1 "b":2}',
    '[1}',
    '{"a":1]',
  ])('refuses %j, which is not JSON', (text) => {
    expect(codeOf(() => parseJson(text))).toBe('invalid-json')
    expect(() => JSON.parse(text)).toThrow()
  })

  it.each([
    ['{"a":1,"a":2}', 'plain'],
    ['{"a":1,"b":2,"a":1}', 'with the same value'],
    ['{"a":1,"\\u0061":2}', 'hidden by an escape'],
    ['{"\\/":1,"/":2}', 'hidden by a short escape'],
    ['{"\\ud83d\\ude00":1,"😀":2}', 'hidden by a surrogate pair'],
    ['[{"x":{"a":1,"a":2}}]', 'deep inside'],
    ['{"__proto__":1,"__proto__":2}', 'with a special name'],
    ['{"":1,"":2}', 'empty'],
  ])('refuses a duplicate key in %s (%s)', (text) => {
    expect(codeOf(() => parseJson(text))).toBe('duplicate-json-key')
  })

  it('takes the same key in different objects', () => {
    expect(parseJson('[{"a":1},{"a":{"a":2}}]')).toEqual([{ a: 1 }, { a: { a: 2 } }])
  })

  it.each([
    '9007199254740992',
    '9007199254740993',
    '-9007199254740992',
    '1e16',
    '1E+20',
    '9007199254740993.0',
    '1e400',
    '-1e400',
    '1000000000000000000001',
    '123456789012345678901234567890',
    '[{"a":9007199254740993}]',
    '9007199254740991.7',
  ])('refuses the number %s, which would not be kept as it is', (text) => {
    expect(codeOf(() => parseJson(text))).toBe('unsafe-number')
  })

  it.each([
    '0',
    '-0',
    '9007199254740991',
    '-9007199254740991',
    '1e15',
    '1e+21',
    '1E21',
    '1000000000000000000000',
    '0.1',
    '1.7976931348623157e308',
    '5e-324',
    '1e-400',
    '4.50',
    '3.141592653589793238462643383279',
  ])('takes the number %s as JSON.parse does', (text) => {
    expect(parseJson(text)).toBe(JSON.parse(text))
  })

  it.each([
    '"\\u0000"',
    '{"a\\u0000":1}',
    '"\\ud800"',
    '"\\udc00"',
    '"\\ud800\\ud800"',
    '"\\ud800x"',
    '"\\udc00\\ud800"',
    '"\ud800"',
    '{"\\ud800":1}',
    '"\\uD83D\\n"',
    '"\\ud83d\ude00"',
  ])('refuses the text in %j', (text) => {
    expect(codeOf(() => parseJson(text))).toBe('invalid-string')
  })

  it.each([
    '"\\ud83d\\ude00"',
    '"\\uD83D\\uDE00"',
    '"😀"',
    '"\\u0001\\b\\f\\n\\r\\t\\"\\\\\\/"',
    '"\u007f\u2028"',
    '"\\ufffe"',
  ])('takes the text in %j', (text) => {
    expect(parseJson(text)).toBe(JSON.parse(text))
  })

  it('takes 32 levels and refuses 33, whatever is inside', () => {
    expect(codeOf(() => parseJson('['.repeat(32) + ']'.repeat(32)))).toBe('accepted')
    expect(codeOf(() => parseJson('['.repeat(33) + ']'.repeat(33)))).toBe('json-too-deep')
    expect(codeOf(() => parseJson('{"a":'.repeat(33) + '1' + '}'.repeat(33)))).toBe('json-too-deep')
    expect(codeOf(() => parseJson('['.repeat(1_000_000)))).toBe('json-too-deep')
  })

  it('takes as many levels as it is told', () => {
    expect(codeOf(() => parseJson('[[1]]', { depthMax: 1 }))).toBe('json-too-deep')
    expect(codeOf(() => parseJson('[[1],[2],[3]]', { depthMax: 2 }))).toBe('accepted')
    expect(codeOf(() => parseJson('1', { depthMax: 0 }))).toBe('accepted')
  })

  it('names the byte, not the character', () => {
    expect(() => parseJson('{"é😀":01}')).toThrow('At byte 10 of the JSON: a number has a leading zero.')
    expect(() => parseJson('{"a":1,"a":2}')).toThrow('At byte 7 of the JSON: the key "a" comes twice.')
    expect(() => parseJson('["\\u0000"]')).toThrow('At byte 2 of the JSON: \\u0000 cannot be kept.')
  })

  it('keeps a key named __proto__ a key', () => {
    const value = parseJson('{"__proto__":{"x":1}}')
    expect(JSON.stringify(value)).toBe('{"__proto__":{"x":1}}')
    expect(Object.hasOwn(Object.prototype, 'x')).toBe(false)
  })

  it('agrees with JSON.parse about every text that it accepts', () => {
    fc.assert(
      fc.property(
        fc.json({ maxDepth: 6, stringUnit: 'binary' }),
        fc.constantFrom(undefined, 1, '\t'),
        (json, indent) => {
          const text = JSON.stringify(JSON.parse(json), null, indent)
          if (codeOf(() => parseJson(text)) === 'accepted') expect(parseJson(text)).toEqual(JSON.parse(text))
          else expect(['unsafe-number', 'invalid-string']).toContain(codeOf(() => parseJson(text)))
        },
      ),
    )
  })

  it('refuses as not JSON exactly what JSON.parse refuses', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '"a"',
      '"b"',
      '\\',
      '1',
      '0',
      '-',
      '.',
      'e',
      'true',
      'null',
      ' ',
      '\n',
      'u0041',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('')
        const code = codeOf(() => parseJson(text))
        if (isJson(text)) expect(['accepted', 'duplicate-json-key', 'unsafe-number']).toContain(code)
        // The first fault counts: there may be a duplicate key before the place where the text stops being JSON.
        else expect(['invalid-json', 'duplicate-json-key', 'unsafe-number']).toContain(code)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('decodeUtf8', () => {
  it('gives back what was encoded', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(decodeUtf8(new TextEncoder().encode(text))).toBe(text.toWellFormed())
      }),
    )
  })

  it.each([[[0xff]], [[0xc3]], [[0xed, 0xa0, 0x80]], [[0xc0, 0x80]], [[0xf4, 0x90, 0x80, 0x80]]])(
    'refuses bytes %j',
    (bytes) => {
      expect(codeOf(() => decodeUtf8(Uint8Array.from(bytes)))).toBe('invalid-string')
    },
  )
})

describe('requireKeepable', () => {
  const place = { path: 'x', depthMax: 32 }

  it('refuses the same values as parseJson refuses in text', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5, stringUnit: 'binary' }), (value) => {
        const inText = codeOf(() => parseJson(JSON.stringify(value)))
        expect(codeOf(() => requireKeepable(value, place))).toBe(inText)
      }),
    )
  })

  it.each([
    [{ a: [0, { b: 'x\u0000' }] }, 'invalid-string', 'x.a[1].b holds \\u0000 or a lone surrogate.'],
    [{ a: { 'k\ud800': 1 } }, 'invalid-string', 'x.a.k\ufffd (a key) holds \\u0000 or a lone surrogate.'],
    [
      [Number.NaN],
      'unsafe-number',
      'x[0] is neither a safe integer nor a finite double; send it as a string.',
    ],
    [
      { a: 2 ** 53 },
      'unsafe-number',
      'x.a is neither a safe integer nor a finite double; send it as a string.',
    ],
    [{ a: undefined }, 'invalid-json', 'x.a is undefined, not JSON.'],
    [[1n], 'invalid-json', 'x[0] is bigint, not JSON.'],
  ])('names where a value that cannot be kept is (%#)', (value, code, message) => {
    expect(() => requireKeepable(value, place)).toThrow(expect.objectContaining({ code, message }))
  })

  it('refuses what is too deep', () => {
    expect(codeOf(() => requireKeepable([[]], { path: 'x', depthMax: 1 }))).toBe('json-too-deep')
    expect(codeOf(() => requireKeepable([[]], { path: 'x', depthMax: 2 }))).toBe('accepted')
  })
})
