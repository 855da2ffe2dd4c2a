import { gzipSync } from 'node:zlib'
import { messageKeyOf, parseJson, payloadHashOf } from '@daybook/events'
import { assert, jsonValue, property } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readBody } from '../src/hooks/body.ts'
import { FORM_TYPE, JSON_TYPE, messageOf, reading } from './hook-reading.ts'

describe('what is kept of a request', () => {
  it('is its body, and of its headers those that a bot needs and that are the same at each delivery', () => {
    const headers = {
      'x-github-delivery': 'd-1',
      'x-github-event': 'push',
      'x-github-hook-id': '292430182',
      'x-hub-signature-256': 'sha256=aa',
      'user-agent': 'GitHub-Hookshot/044aadd',
      'x-request-id': 'r-1',
    }
    const { payload } = messageOf('github', '{ "a": [1,  2] }', {
      headers,
      settings: { keepHeaders: ['X-Mine', 'User-Agent'] },
    })
    expect(payload).toEqual({
      headers: {
        'x-github-event': 'push',
        'x-github-delivery': 'd-1',
        'x-github-hook-id': '292430182',
        'user-agent': 'GitHub-Hookshot/044aadd',
      },
      body: { a: [1, 2] },
    })
  })

  it('is the same JSON whether GitHub sends it as JSON or as a form', () => {
    const json = JSON.stringify({ repository: { full_name: 'ö/+%' } })
    const headers = { 'x-github-delivery': 'd-1' }
    const asForm = messageOf('github', `payload=${encodeURIComponent(json)}`, { type: FORM_TYPE, headers })
    expect(asForm).toEqual(messageOf('github', json, { headers }))
  })

  it('has nothing of Telegram’s token and Slack’s old one, nor what Stripe counts at each delivery', () => {
    const kept = JSON.stringify([
      messageOf('telegram', '{"update_id":1}', { headers: { 'x-telegram-bot-api-secret-token': 'CANARY' } }),
      messageOf('slack', '{"event_id":"E","token":"CANARY","event":{"token":"theirs"}}'),
    ])
    expect(kept).not.toContain('CANARY')
    expect(kept).toContain('theirs')
    const sent = (waiting: number) =>
      messageOf('stripe', JSON.stringify({ id: 'evt_1', pending_webhooks: waiting })).payload
    expect(payloadHashOf(sent(2))).toBe(payloadHashOf(sent(1)))
  })

  it('leaves out what the settings name', () => {
    const { payload } = messageOf('hmac', '{"id":"1","attempt":3,"a":{"b":1,"c":2}}', {
      settings: { leaveOut: ['/attempt', '/a/b', '/not/there'] },
    })
    expect(payload).toEqual({ headers: {}, body: { id: '1', a: { c: 2 } } })
  })

  it.each([
    { what: 'equal keys', body: '{"id":"1","id":"2"}', because: 'duplicate-json-key', id: '2' },
    {
      what: 'a number that no double holds',
      body: '{"id":12345678901234567891}',
      because: 'unsafe-number',
      id: '12345678901234567891',
    },
    { what: 'an escaped zero', body: '{"id":"1","x":"\\u0000"}', because: 'invalid-string', id: '1' },
    { what: 'half a character', body: '{"id":"1","x":"\\ud800"}', because: 'invalid-string', id: '1' },
    {
      what: 'JSON too deep for an event',
      body: `{"id":"1","x":${'['.repeat(40)}${']'.repeat(40)}}`,
      because: 'json-too-deep',
      id: '1',
    },
  ])('is the text as it came, with a mark, for $what', ({ body, because, id }) => {
    const message = messageOf('hmac', body)
    expect(message.messageId).toBe(id)
    expect(message.payload).toEqual({ headers: { 'content-type': JSON_TYPE }, body, bodyAs: 'text', because })
  })

  it('is the text or the bytes of what is no JSON', () => {
    const settings = { messageId: { header: 'X-Id' } }
    const kept = (body: string | Uint8Array, type = 'text/plain') =>
      messageOf('hmac', body, { type, headers: { 'x-id': '1' }, settings }).payload
    expect(kept('Grüße')).toEqual({
      headers: { 'content-type': 'text/plain' },
      body: 'Grüße',
      bodyAs: 'text',
      because: 'invalid-json',
    })
    for (const bytes of [Buffer.from([0xff, 0xfe]), Buffer.from('a\u0000b')])
      expect(kept(bytes)).toMatchObject({
        body: bytes.toString('base64'),
        bodyAs: 'base64',
        because: 'invalid-string',
      })
    expect(kept('a=1&a=2', FORM_TYPE)).toMatchObject({
      body: 'a=1&a=2',
      bodyAs: 'text',
      because: 'duplicate-json-key',
    })
    expect(kept('a=%ff', FORM_TYPE)).toMatchObject({
      body: 'a=%ff',
      bodyAs: 'text',
      because: 'invalid-string',
    })
  })

  it('is what was packed, with the word how', () => {
    const settings = { messageId: { header: 'X-Id' } }
    const packed = gzipSync('{"id":1}')
    const { payload } = messageOf('hmac', packed, {
      headers: { 'x-id': '1', 'content-encoding': 'gzip' },
      settings,
    })
    expect(payload).toEqual({
      headers: { 'content-type': JSON_TYPE, 'content-encoding': 'gzip' },
      body: packed.toString('base64'),
      bodyAs: 'base64',
      because: 'invalid-string',
    })
  })

  it('is the text of JSON that is deep without end, whose id is in a header', () => {
    const body = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    const { payload } = messageOf('github', body, { headers: { 'x-github-delivery': 'd-1' } })
    expect(payload).toMatchObject({ bodyAs: 'text', because: 'json-too-deep' })
  })

  it('never makes two large ids one', () => {
    const key = (id: string) => messageKeyOf(messageOf('hmac', `{"id":${id}}`))
    expect(key('12345678901234567890')).not.toBe(key('12345678901234567891'))
  })

  it('is the value of the body for all JSON that the journal can keep', () => {
    assert(
      property(jsonValue({ maxDepth: 6, stringUnit: 'binary-ascii' }), (value) => {
        const text = JSON.stringify(value)
        const { kept } = readBody(Buffer.from(text), JSON_TYPE)
        if ('bodyAs' in kept) expect(() => parseJson(text)).toThrow()
        else expect(kept.body).toEqual(parseJson(text))
      }),
    )
  })
})

describe('some requests only try whether somebody is there', () => {
  it('Slack gets its challenge back', () => {
    const read = reading('slack', '{"type":"url_verification","token":"T","challenge":"3eZbrw1aB10"}')
    expect(read).toEqual({ handshake: { status: 200, body: { challenge: '3eZbrw1aB10' } } })
  })

  it('Discord gets its PONG, and its webhook events an empty answer', () => {
    expect(reading('discord', '{"id":"1","type":1}')).toEqual({
      handshake: { status: 200, body: { type: 1 } },
    })
    expect(reading('discord', '{"version":1,"type":0}')).toEqual({ handshake: { status: 204 } })
  })

  it('interactions of Discord are told that the rest comes later, and Slack nothing', () => {
    const answered = (type: number) => {
      const read = reading('discord', JSON.stringify({ id: '1', type }))
      return 'answer' in read ? read.answer?.body : undefined
    }
    expect([2, 3, 4, 5].map(answered)).toEqual([
      { type: 5 },
      { type: 6 },
      { type: 8, data: { choices: [] } },
      { type: 5 },
    ])
    expect(reading('slack', '{"event_id":"E"}')).toMatchObject({ answer: { status: 200 } })
  })
})
