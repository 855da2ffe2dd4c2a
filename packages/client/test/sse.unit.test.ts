import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSseParser, type SseFrame } from '../src/sse.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

function parse(...chunks: (string | Uint8Array)[]): SseFrame[] {
  const parser = createSseParser()
  return chunks.flatMap((chunk) => parser.push(typeof chunk === 'string' ? bytes(chunk) : chunk))
}

describe('the SSE parser', () => {
  it('reads id, event and data of a frame', () => {
    expect(parse('id: 7\nevent: RUN_CREATED\ndata: {"a":1}\n\n')).toEqual([
      { id: '7', event: 'RUN_CREATED', data: '{"a":1}' },
    ])
  })

  it('joins several data lines with line feeds', () => {
    expect(parse('data: a\ndata:\ndata: b\n\n')).toEqual([{ id: '', event: 'message', data: 'a\n\nb' }])
  })

  it.each(['\n', '\r', '\r\n'])('takes %j as a line end', (end) => {
    expect(parse(`data: a${end}${end}data: b${end}${end}`).map(({ data }) => data)).toEqual(['a', 'b'])
  })

  it('strips one space behind the colon and no more', () => {
    expect(parse('data:  a\n\ndata:b\n\n').map(({ data }) => data)).toEqual([' a', 'b'])
  })

  it('ignores comments, unknown fields and frames without data', () => {
    expect(parse(': heartbeat\n\nretry: 5\nfoo: bar\nevent: x\n\n')).toEqual([])
  })

  it('keeps the last id for the frames after it, and ignores an id with a NUL', () => {
    expect(parse('id: 1\ndata: a\n\nid: 2\u0000\ndata: b\n\n').map(({ id }) => id)).toEqual(['1', '1'])
  })

  it('resets the id when the field comes without a value', () => {
    expect(parse('id: 1\ndata: a\n\nid\ndata: b\n\n').map(({ id }) => id)).toEqual(['1', ''])
  })

  it('drops a byte order mark at the beginning only', () => {
    expect(parse('\ufeffdata: \ufeffa\n\n')).toEqual([{ id: '', event: 'message', data: '\ufeffa' }])
  })

  it('discards a frame that the end of the stream cuts off', () => {
    expect(parse('data: a\n\ndata: b\n')).toEqual([{ id: '', event: 'message', data: 'a' }])
  })

  it('refuses a line and a frame that never end', () => {
    const megabyte = 'x'.repeat(1024 * 1024)
    expect(() => parse(...Array.from({ length: 5 }, () => megabyte))).toThrow(
      expect.objectContaining({ code: 'unavailable' }),
    )
    expect(() => parse(...Array.from({ length: 5 }, () => `data: ${megabyte}\n`))).toThrow(
      expect.objectContaining({ code: 'unavailable' }),
    )
  })

  it('gives the same frames wherever the bytes are cut', () => {
    const line = fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => text.replace(/[\r\n]/g, ''))
    const frame = fc.record({
      id: fc.nat(),
      event: fc.constantFrom('RUN_CREATED', 'é'),
      data: fc.array(line, { minLength: 1, maxLength: 3 }),
    })
    const end = fc.constantFrom('\n', '\r', '\r\n')
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 6 }),
        end,
        fc.array(fc.nat({ max: 300 })),
        (frames, lineEnd, cuts) => {
          const lines = frames.flatMap(({ id, event, data }) => [
            `: 😀`,
            `id: ${id}`,
            `event: ${event}`,
            ...data.map((part) => `data: ${part}`),
            '',
          ])
          const whole = bytes(lines.map((text) => text + lineEnd).join(''))
          expect(parse(...pieces(whole, cuts))).toEqual(
            frames.map(({ id, event, data }) => ({ id: String(id), event, data: data.join('\n') })),
          )
        },
      ),
    )
  })

  it('gives the same frames byte by byte', () => {
    const whole = bytes('id: 1\r\ndata: naïve ✓\r\ndata: 😀\r\n\r\n')
    expect(parse(...Array.from(whole, (byte) => Uint8Array.of(byte)))).toEqual([
      { id: '1', event: 'message', data: 'naïve ✓\n😀' },
    ])
  })
})

function pieces(whole: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const edges = [0, ...cuts.filter((cut) => cut < whole.length).toSorted((a, b) => a - b), whole.length]
  return edges.slice(1).map((edge, index) => whole.slice(edges[index], edge))
}
