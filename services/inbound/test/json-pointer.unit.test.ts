import { parseJson } from '@daybook/events'
import { describe, expect, it } from 'vitest'
import { textAt, valueAt, withoutMembers } from '../src/hooks/json-pointer.ts'

describe('a JSON Pointer', () => {
  const document = parseJson(
    '{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\\\j":5,"k\\"l":6," ":7,"m~n":8}',
  )

  it('points as the examples of RFC 6901, 5 do', () => {
    const expected: [string, unknown][] = [
      ['', document],
      ['/foo', ['bar', 'baz']],
      ['/foo/0', 'bar'],
      ['/', 0],
      ['/a~1b', 1],
      ['/c%d', 2],
      ['/e^f', 3],
      ['/g|h', 4],
      ['/i\\j', 5],
      ['/k"l', 6],
      ['/ ', 7],
      ['/m~0n', 8],
    ]
    for (const [pointer, value] of expected) expect(valueAt(document, pointer)).toEqual(value)
  })

  it('points to nothing where there is nothing', () => {
    for (const pointer of ['/foo/2', '/foo/00', '/foo/-', '/foo/length', '/toString', '/a/b', '/foo/0/0'])
      expect(valueAt(document, pointer)).toBeUndefined()
    expect(textAt({ a: '' }, '/a')).toBeUndefined()
  })

  it('takes out what it points to and nothing else', () => {
    const value = parseJson('{"__proto__":{"a":1,"b":2},"c":3}')
    expect(JSON.stringify(withoutMembers(value, ['/__proto__/a', '/c', '/c/d', '/x']))).toBe(
      '{"__proto__":{"b":2}}',
    )
  })
})
