import { describe, expect, it } from 'vitest'
import {
  decodeEffectsCursor,
  decodePosition,
  decodeRunsCursor,
  encodeEffectsCursor,
  encodeRunsCursor,
} from '../src/cursor.ts'

const refusal = expect.objectContaining({ code: 'invalid-cursor' })

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

describe('cursors', () => {
  it('come back as they were', () => {
    const run = { sort: 'ended' as const, value: '2026-11-21T09:00:00.000Z', runId: 'a/b é' }
    expect(decodeRunsCursor(encodeRunsCursor(run), 'ended')).toEqual(run)
    const long = { sort: 'duration' as const, value: 7, runId: 'r' }
    expect(decodeRunsCursor(encodeRunsCursor(long), 'duration')).toEqual(long)
    const effect = { requestedSeq: 12, effectId: 'e=~1' }
    expect(decodeEffectsCursor(encodeEffectsCursor(effect))).toEqual(effect)
  })

  it('fit into a URL without being encoded', () => {
    const place = { sort: 'created' as const, value: '2026-11-21T09:00:00.000Z', runId: '???>>>ÿÿ' }
    expect(encodeRunsCursor(place)).toMatch(/^[\w-]+$/)
  })

  it.each([
    'junk',
    '',
    '%%%',
    encoded({}),
    encoded(null),
    encoded(['created', '2026-11-21T09:00:00.000Z']),
    encoded(['created', '2026-11-21', 'r']),
    encoded(['created', 7, 'r']),
    encoded(['created', '2026-11-21T09:00:00.000Z', 7]),
    encoded(['created', '2026-11-21T09:00:00.000Z', 'a\u0000']),
    encoded(['created', '2026-11-21T09:00:00.000Z', 'r', 'more']),
    encoded(['ended', '2026-11-21T09:00:00.000Z', 'r']),
  ])('refuse what was not handed out for runs: %s', (cursor) => {
    expect(() => decodeRunsCursor(cursor, 'created')).toThrow(refusal)
  })

  it('refuse a duration that is none', () => {
    for (const value of ['7', 7.5, '2026-11-21T09:00:00.000Z', null]) {
      expect(() => decodeRunsCursor(encoded(['duration', value, 'r']), 'duration')).toThrow(refusal)
    }
  })

  it.each(['junk', encoded(['1', 'e']), encoded([1.5, 'e']), encoded([1e300, 'e']), encoded([1, null])])(
    'refuse what was not handed out for effects: %s',
    (cursor) => {
      expect(() => decodeEffectsCursor(cursor)).toThrow(refusal)
    },
  )

  it('take a position as digits only', () => {
    expect(decodePosition('42')).toBe(42)
    for (const text of ['-1', '4.2', '0x10', ' 4', 'abc', '9007199254740993', '1'.repeat(40)]) {
      expect(() => decodePosition(text)).toThrow(refusal)
    }
  })
})
