import { isInstant } from '@daybook/events'
import { describe, expect, it } from 'vitest'
import { FORM_TYPE, messageOf } from './hook-reading.ts'

/** The names of a message without what the webhook adds. */
function namesOf(...asked: Parameters<typeof messageOf>) {
  const { messageId, conversation, eventTime } = messageOf(...asked)
  return { messageId, conversation, eventTime }
}

describe('a message is named by what its platform says at each delivery', () => {
  const github = {
    headers: { 'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958', 'x-github-event': 'issues' },
  }

  it('GitHub: its delivery id; the repository, else who it is about', () => {
    const messageId = '72d3162e-cc78-11e3-81ab-4c9367dc0958'
    const named = (body: object) => namesOf('github', JSON.stringify(body), github)
    expect(named({ repository: { full_name: 'a/b' }, organization: { login: 'a' } })).toEqual({
      messageId,
      conversation: 'a/b',
      eventTime: undefined,
    })
    expect(named({ organization: { login: 'a' }, sender: { login: 'c' } }).conversation).toBe('a')
    expect(named({ zen: 'Keep it logically awesome.' }).conversation).toBe('none')
  })

  it('Slack: the id of the event; its channel and thread', () => {
    const event = { type: 'event_callback', event_id: 'Ev1', event_time: 1_700_000_000, team_id: 'T1' }
    const named = (more: object) => namesOf('slack', JSON.stringify({ ...event, event: more }))
    expect(named({ channel: 'C1', user: 'U1', ts: '1.2' })).toEqual({
      messageId: 'Ev1',
      conversation: 'C1',
      eventTime: '2023-11-14T22:13:20.000Z',
    })
    expect(named({ channel: 'C1', thread_ts: '1.2' }).conversation).toBe('C1:1.2')
    expect(named({ item: { channel: 'C2' }, user: 'U1' }).conversation).toBe('C2')
    expect(named({ channel: { id: 'C3' } }).conversation).toBe('C3')
    expect(named({ user: 'U1' }).conversation).toBe('U1')
    expect(named({}).conversation).toBe('T1')
  })

  it('Slack: commands and interactions by their trigger', () => {
    const command = 'token=old&channel_id=C1&user_id=U1&command=%2Fask&text=caf%C3%A9+au+lait&trigger_id=13.2'
    const { messageId, conversation, payload } = messageOf('slack', command, { type: FORM_TYPE })
    expect({ messageId, conversation }).toEqual({ messageId: '13.2', conversation: 'C1' })
    expect(payload).toEqual({
      headers: {},
      body: { channel_id: 'C1', user_id: 'U1', command: '/ask', text: 'café au lait', trigger_id: '13.2' },
    })
    const pressed = {
      type: 'block_actions',
      trigger_id: '14.1',
      token: 'old',
      channel: { id: 'C1' },
      container: { thread_ts: '1.2' },
    }
    const form = `payload=${encodeURIComponent(JSON.stringify(pressed))}`
    expect(namesOf('slack', form, { type: `${FORM_TYPE}; charset=utf-8` })).toEqual({
      messageId: '14.1',
      conversation: 'C1:1.2',
      eventTime: undefined,
    })
  })

  it('Stripe: the id of the event; the customer, else the account, else what it is about', () => {
    const named = (object: object, more: object = {}) =>
      namesOf('stripe', JSON.stringify({ id: 'evt_1', created: 1_700_000_000, data: { object }, ...more }))
    expect(named({ object: 'invoice', id: 'in_1', customer: 'cus_1' })).toEqual({
      messageId: 'evt_1',
      conversation: 'cus_1',
      eventTime: '2023-11-14T22:13:20.000Z',
    })
    expect(named({ object: 'invoice', customer: { id: 'cus_2' } }).conversation).toBe('cus_2')
    expect(named({ object: 'customer', id: 'cus_3' }).conversation).toBe('cus_3')
    expect(named({ object: 'payout', id: 'po_1' }, { account: 'acct_1' }).conversation).toBe('acct_1')
    expect(named({ object: 'payout', id: 'po_1' }).conversation).toBe('po_1')
  })

  it('Telegram: the id of the update; the chat and the topic', () => {
    const named = (update: object) => namesOf('telegram', JSON.stringify({ update_id: 10_000, ...update }))
    const chat = { id: -1_001_234, type: 'supergroup' }
    expect(named({ message: { message_id: 7, date: 1_700_000_000, chat, text: 'hi' } })).toEqual({
      messageId: '10000',
      conversation: '-1001234',
      eventTime: '2023-11-14T22:13:20.000Z',
    })
    expect(named({ edited_message: { date: 1, edit_date: 1_700_000_000, chat } }).eventTime).toBe(
      '2023-11-14T22:13:20.000Z',
    )
    expect(named({ message: { chat, message_thread_id: 5, is_topic_message: true } }).conversation).toBe(
      '-1001234:5',
    )
    expect(named({ message: { chat, message_thread_id: 5 } }).conversation).toBe('-1001234')
    expect(named({ callback_query: { id: '99', from: { id: 3 }, message: { chat } } }).conversation).toBe(
      '-1001234',
    )
    expect(named({ inline_query: { id: '99', from: { id: 3 }, query: '' } }).conversation).toBe('3')
    expect(named({ poll: { id: '42' } }).conversation).toBe('42')
    expect(named({ something_new: { chat } }).conversation).toBe('-1001234')
    expect(named({}).conversation).toBe('none')
  })

  it('Discord: the id of the interaction, which tells when it was; the channel', () => {
    const named = (more: object) =>
      namesOf('discord', JSON.stringify({ id: '175928847299117063', type: 2, ...more }))
    expect(named({ channel_id: '41771983423143937', guild_id: '2' })).toEqual({
      messageId: '175928847299117063',
      conversation: '41771983423143937',
      // The example of "Snowflakes" in its documentation.
      eventTime: '2016-04-30T11:18:25.796Z',
    })
    expect(named({ user: { id: '5' } }).conversation).toBe('5')
  })

  it('Standard Webhooks: webhook-id; what the event is about', () => {
    const body = '{"type":"user.created","timestamp":"2022-11-03T20:26:10.344522Z","data":{"id":"usr_1"}}'
    expect(namesOf('standard-webhooks', body, { headers: { 'webhook-id': 'msg_1' } })).toEqual({
      messageId: 'msg_1',
      conversation: 'usr_1',
      eventTime: '2022-11-03T20:26:10.344Z',
    })
  })

  it('anybody else: where the settings say', () => {
    const body = JSON.stringify({ id: 7, 'a/b': { '~c': ['x', 'y'] }, at: '2026-11-21T10:00:00+01:00' })
    const settings = { conversation: { pointer: '/a~1b/~0c/1' }, eventTime: { pointer: '/at' } }
    expect(namesOf('hmac', body, { settings })).toEqual({
      messageId: '7',
      conversation: 'y',
      eventTime: '2026-11-21T09:00:00.000Z',
    })
    const inHeaders = { messageId: { header: 'X-Event-Id' }, conversation: { header: 'X-Room' } }
    const headers = { 'x-event-id': 'e-1', 'x-room': 'blue' }
    expect(namesOf('hmac', 'no JSON', { settings: inHeaders, headers })).toMatchObject({
      messageId: 'e-1',
      conversation: 'blue',
    })
  })

  it('settings count more than the platform, and are not added to it', () => {
    const body = JSON.stringify({ update_id: 1, message: { chat: { id: 5 } }, other: 'o' })
    expect(
      namesOf('telegram', body, { settings: { conversation: { pointer: '/other' } } }).conversation,
    ).toBe('o')
    expect(namesOf('telegram', body, { settings: { conversation: { pointer: '/gone' } } }).conversation).toBe(
      'none',
    )
    expect(() => messageOf('telegram', body, { settings: { messageId: { pointer: '/gone' } } })).toThrow(
      'no id at /gone',
    )
  })
})

describe('a message without an id is refused: its repetitions could not be told', () => {
  it.each([
    { what: 'no delivery header', verify: 'github', body: '{}' },
    { what: 'an empty one', verify: 'github', body: '{}', headers: { 'x-github-delivery': '' } },
    {
      what: 'two of them, joined on the way',
      verify: 'github',
      body: '{}',
      headers: { 'x-github-delivery': 'a, b' },
    },
    { what: 'no event_id', verify: 'slack', body: '{"event":{"channel":"C"}}' },
    { what: 'an empty id', verify: 'stripe', body: '{"id":""}' },
    { what: 'an id that is no text', verify: 'stripe', body: '{"id":{"a":1}}' },
    { what: 'an id of null', verify: 'stripe', body: '{"id":null}' },
    { what: 'an id too long', verify: 'stripe', body: JSON.stringify({ id: 'x'.repeat(501) }) },
    { what: 'an id with a line feed', verify: 'stripe', body: '{"id":"a\\nb"}' },
    { what: 'no update_id', verify: 'telegram', body: '{"message":{"chat":{"id":1}}}' },
    { what: 'a body that is no JSON', verify: 'telegram', body: 'hello' },
    { what: 'nothing', verify: 'telegram', body: '' },
    {
      what: 'a webhook event of Discord',
      verify: 'discord',
      body: '{"type":1,"event":{"type":"X","timestamp":"2024-01-01T00:00:00"}}',
    },
    {
      what: 'an inherited name for a place',
      verify: 'hmac',
      body: '{}',
      settings: { messageId: { pointer: '/constructor/name' } },
    },
  ] as const)('$what', ({ verify, body, ...asked }) => {
    const refused = expect.objectContaining({ code: 'no-message-id' })
    expect(() => messageOf(verify, body, asked)).toThrow(refused)
  })
})

describe('a time', () => {
  it.each([
    ['1700000000', '2023-11-14T22:13:20.000Z'],
    ['1700000000.25', '2023-11-14T22:13:20.250Z'],
    ['1700000000123', '2023-11-14T22:13:20.123Z'],
    ['"2023-11-14T22:13:20Z"', '2023-11-14T22:13:20.000Z'],
    ['"2023-11-14T23:13:20.5+01:00"', '2023-11-14T22:13:20.500Z'],
  ])('is read from %s', (at, expected) => {
    const eventTime = messageOf('hmac', `{"id":1,"at":${at}}`, {
      settings: { eventTime: { pointer: '/at' } },
    }).eventTime
    expect(eventTime).toBe(expected)
    expect(isInstant(expected)).toBe(true)
  })

  it.each([
    '"2023-11-14 22:13:20"',
    '"2023-11-14T22:13:20"',
    '"tomorrow"',
    '{}',
    'null',
    '1e30',
    '-5',
    '"9999999999999999999"',
  ])('is not made of %s', (at) => {
    const { eventTime } = messageOf('hmac', `{"id":1,"at":${at}}`, {
      settings: { eventTime: { pointer: '/at' } },
    })
    expect(eventTime).toBeUndefined()
  })
})
