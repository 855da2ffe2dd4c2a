import { createUlids, isUlid } from '@daybook/events'
import { describe, expect, it } from 'vitest'
import { parseDrafts } from '../src/drafts-input.ts'

const nextId = createUlids()
const parse = (text: string) => parseDrafts(text, nextId)
const line = (data: object = {}): string => JSON.stringify({ stream: 'run/r1', type: 'RUN_COMPLETED', data })

describe('what events:append reads', () => {
  it('may be one request with expectations', () => {
    const id = nextId()
    const request = {
      events: [{ id, stream: 'run/r1', type: 'RUN_COMPLETED', v: 1, data: {} }],
      expect: { 'run/r1': 3 },
    }
    expect(parse(JSON.stringify(request, null, 2))).toEqual([request])
  })

  it('may be drafts, one a line, with empty lines between them', () => {
    const [request] = parse(`${line()}\n\n${line()}\r\n`)
    expect(request?.events).toHaveLength(2)
    expect(request?.events.every(({ id, v }) => isUlid(id) && v === 1)).toBe(true)
  })

  it('may be a single draft', () => {
    expect(parse(line())[0]?.events).toHaveLength(1)
  })

  it('becomes as many requests as it needs', () => {
    const requests = parse(Array.from({ length: 2_500 }, () => line()).join('\n'))
    expect(requests.map(({ events }) => events.length)).toEqual([1_000, 1_000, 500])
  })

  it.each([
    ['nothing', '', 'invalid-request'],
    ['only blanks', ' \n ', 'invalid-request'],
    ['a list', '[]', 'invalid-request'],
    ['a text', '"a"', 'invalid-request'],
    ['half a request', '{"events":[', 'invalid-json'],
    ['a request without drafts', '{"events":[]}', 'invalid-request'],
    ['a request with an unknown field', `{"events":[${line()}],"x":1}`, 'invalid-request'],
    ['a key twice', '{"type":"RUN_COMPLETED","type":"RUN_FAILED"}', 'duplicate-json-key'],
    ['an unknown type', '{"stream":"run/r1","type":"NOPE","data":{}}', 'unknown-event-type'],
    ['data of another form', line({ colour: 'red' }), 'invalid-event-data'],
    ['an id that is none', '{"id":"1","stream":"run/r1","type":"RUN_COMPLETED","data":{}}', 'invalid-id'],
  ])('is refused with a code when it is %s', (_name, text, code) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code }))
  })

  it('is refused as a whole when one line is wrong, and the line is told', () => {
    expect(() => parse(`${line()}\n${line()}\n{"stream":`)).toThrow(
      expect.objectContaining({
        code: 'invalid-json',
        message: expect.stringMatching(/^Line 3: .*Nothing was appended\.$/),
      }),
    )
    expect(() => parse(`${line()}\n7`)).toThrow(
      expect.objectContaining({ message: expect.stringContaining('Line 2: ') }),
    )
  })
})
