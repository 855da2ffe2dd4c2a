import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { laneOf, type MessageIdentity, messageKeyOf, placeOfLane } from '../src/inbound/lane.ts'
import { parseStream } from '../src/stream.ts'

const identity: MessageIdentity = {
  source: 'telegram',
  account: 'support',
  conversation: '-1001234',
  messageId: '17',
}
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 })

describe('the key of a message', () => {
  it('is SHA-256 over its names, each after its length, in base32', () => {
    const hash = createHash('sha256')
    for (const name of ['telegram', 'support', '-1001234', '17'])
      hash.update(Buffer.from([0, 0, 0, name.length])).update(name)
    // RFC 4648, 6, by the bits: five at a time, the last ones filled up with zeros.
    const bits = [...hash.digest()].map((byte) => byte.toString(2).padStart(8, '0')).join('')
    const letters = bits.padEnd(260, '0').match(/.{5}/g) ?? []
    const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'
    const expected = letters.map((five) => alphabet[Number.parseInt(five, 2)]).join('')
    expect(messageKeyOf(identity)).toBe(expected)
    expect(messageKeyOf(identity)).toHaveLength(52)
  })

  it('tells apart what only reads the same when it is put together', () => {
    const one = messageKeyOf({ ...identity, conversation: '12', messageId: '3' })
    expect(messageKeyOf({ ...identity, conversation: '1', messageId: '23' })).not.toBe(one)
  })

  it('is refused for a message without an id', () => {
    expect(() => messageKeyOf({ ...identity, messageId: '' })).toThrow(
      expect.objectContaining({ code: 'invalid-request', details: { path: 'messageId' } }),
    )
  })
})

describe('the stream of a conversation', () => {
  it('is readable where the platform’s ids are', () => {
    expect(laneOf(identity)).toBe('inbound/telegram:support:-1001234')
    expect(laneOf({ ...identity, conversation: 'ada@example.org/thread:1' })).toBe(
      'inbound/telegram:support:ada@example.org/thread:1',
    )
  })

  it('holds any text, also what a stream’s name cannot', () => {
    expect(laneOf({ ...identity, conversation: 'a b~é😀' })).toBe(
      'inbound/telegram:support:a~20b~7e~c3~a9~f0~9f~98~80',
    )
  })

  it('is a valid name for whatever a platform calls a conversation, and another one for each', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        const [one, other] = [a, b].map((conversation) => laneOf({ ...identity, conversation }))
        expect(parseStream(one ?? '').kind).toBe('inbound')
        expect(one === other).toBe(a === b)
      }),
    )
  })

  it('is a hash where what the platform calls it is too long', () => {
    const [one, other] = ['é', 'è'].map((sign) => laneOf({ ...identity, conversation: sign.repeat(500) }))
    expect(parseStream(one ?? '').id).toMatch(/^telegram:support:~~[0-9a-f]{64}$/)
    expect(one).not.toBe(other)
  })

  it('tells source and account', () => {
    expect(placeOfLane('inbound/slack:T01-A_1:C:7')).toEqual({ source: 'slack', account: 'T01-A_1' })
    expect(placeOfLane('run/slack:T1:C')).toBeUndefined()
  })
})
