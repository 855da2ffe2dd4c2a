import type { InboundStats, ReadMessage } from '@daybook/client'
import { describe, expect, it } from 'vitest'
import { answerText } from '../src/commands/inbound-receive.ts'
import { messageColumns } from '../src/inbound/message-columns.ts'
import { messageLines } from '../src/inbound/message-lines.ts'
import { statsColumns } from '../src/inbound/stats-columns.ts'
import { table } from '../src/table.ts'

const receivedAt = '2026-11-21T08:00:00.000Z'
const now = '2026-11-21T08:03:05.000Z'
const key = 'k'.repeat(52)

function messageOf(given: Partial<ReadMessage> = {}): ReadMessage {
  return {
    key,
    lane: 'inbound/telegram:support:-100',
    source: 'telegram',
    account: 'support',
    conversation: '-100',
    messageId: '41',
    state: 'pending',
    order: 1,
    receivedSeq: 1,
    receivedAt,
    payload: { text: 'hello', from: { id: 7 } },
    payloadHash: 'a'.repeat(64),
    attempts: 0,
    nextAttemptAt: receivedAt,
    failures: [],
    duplicates: 0,
    conflicts: [],
    conflictsTotal: 0,
    requeues: 0,
    replies: [],
    updatedAt: receivedAt,
    lastSeq: 1,
    ...given,
  }
}

const textOf = (given: Partial<ReadMessage>) => messageLines(messageOf(given), now).join('\n')

describe('a message, shown', () => {
  it('says who it is, how old it is, and what it says', () => {
    expect(textOf({ eventTime: '2026-11-21T07:59:00.000Z' })).toBe(`key           ${key}
state         pending
source        telegram
account       support
conversation  -100
message       41
lane          inbound/telegram:support:-100
received      ${receivedAt} (3 min 05 s ago)
sent          2026-11-21T07:59:00.000Z
attempts      0
due           ${receivedAt}
duplicates    0

Payload
  {
    "text": "hello",
    "from": {
      "id": 7
    }
  }`)
  })

  it('says why it is dead, with each attempt', () => {
    const error = { class: 'HttpError', message: '503', retryable: true }
    const lines = textOf({
      state: 'dead',
      attempts: 2,
      death: { reason: 'not-retryable', at: now },
      failures: [
        { attempt: 1, at: receivedAt, seq: 3, worker: 'bot-1', error },
        { attempt: 2, at: now, seq: 5, worker: 'bot-2', error: { ...error, retryable: false } },
        { attempt: 3, at: now, seq: 7 },
      ],
    })
    expect(lines).toContain('state         dead: not-retryable\n')
    expect(lines).not.toContain('\ndue ')
    expect(lines).toContain(`
Failed attempts
  1  ${receivedAt}  bot-1  HttpError: 503
  2  ${now}  bot-2  HttpError: 503 (trying again cannot help)
  3  ${now}  -  erased
`)
  })

  it('says who has it, and what became of it', () => {
    const lease = { worker: 'bot-1', claimId: 'c', token: 4, tokens: [], until: now }
    expect(textOf({ state: 'claimed', lease })).toContain(`worker        bot-1, until ${now} (token 4)\n`)
    const completed = { state: 'completed', completedAt: now, result: { runId: 'r1' } } as const
    expect(textOf(completed)).toContain(`completed     ${now}\nresult        {"runId":"r1"}\n`)
    const dismissal = { at: now, reason: 'spam', seq: 5 }
    expect(textOf({ state: 'dismissed', dismissal })).toContain(`dismissed     ${now}: spam\n`)
  })

  it('shows another body as what differs', () => {
    const lines = textOf({
      conflictsTotal: 3,
      conflicts: [
        { seq: 2, at: now, payloadHash: 'b', payload: { text: 'hallo', from: { id: 7 }, edited: true } },
        { seq: 3, at: now, payloadHash: 'c', payload: 'a text' },
        { seq: 4, at: now, payloadHash: 'd' },
      ],
    })
    expect(lines).toContain(`
Other bodies under its id (3)
  ${now}  event 2
    ~   text: hello → hallo
    +   edited: true
  ${now}  event 3
    ~   body: {"text":"hello","from":{"id":7}} → a text
  ${now}  event 4: one of the two bodies is not kept any more
`)
  })

  it('shows of a body that differs everywhere only the beginning', () => {
    const members = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`m${index}`, index]))
    const conflicts = [{ seq: 2, at: now, payloadHash: 'b', payload: { ...members } }]
    const lines = textOf({ payload: {}, conflictsTotal: 1, conflicts })
    expect(lines.match(/\+ {3}m/g)).toHaveLength(10)
    expect(lines).toContain('… and 20 more changes; see --json')
  })

  it('shows its replies with their ends', () => {
    const reply = {
      order: 3,
      queuedSeq: 3,
      queuedAt: receivedAt,
      payload: { text: 'hi' },
      attempts: 1,
      mayBeDuplicate: false,
      nextAttemptAt: receivedAt,
      failures: [],
    }
    const lines = textOf({
      state: 'replying',
      replies: [
        { ...reply, reply: 1, state: 'sent', idempotencyKey: 'i-1', settledAt: now, receipt: { id: 9 } },
        {
          ...reply,
          reply: 2,
          state: 'ambiguous',
          idempotencyKey: 'i-2',
          settledAt: now,
          mayBeDuplicate: true,
          reason: 'no answer',
        },
        { ...reply, reply: 3, state: 'pending', idempotencyKey: 'i-3', attempts: 0 },
      ],
    })
    expect(lines).toContain(`
Replies (3)
  1  sent  settled ${now}, attempts 1, receipt {"id":9}
     idempotency key i-1
     {"text":"hi"}
  2  ambiguous  settled ${now}, attempts 1, may have been sent before, no answer
     idempotency key i-2
     {"text":"hi"}
  3  pending  queued ${receivedAt}, attempts 0
`)
  })

  it('obeys nothing that strangers wrote', () => {
    const evil = '\u001b[2J\u202e\u0085\n'
    const lines = textOf({
      conversation: evil,
      messageId: evil,
      payload: { [evil]: evil },
      failures: [
        {
          attempt: 1,
          at: now,
          seq: 2,
          worker: evil,
          error: { class: evil, message: evil, retryable: false },
        },
      ],
      conflictsTotal: 1,
      conflicts: [{ seq: 3, at: now, payloadHash: 'b', payload: { [evil]: 1 } }],
      replies: [
        {
          reply: 1,
          state: 'dead',
          order: 4,
          queuedSeq: 4,
          queuedAt: now,
          payload: evil,
          idempotencyKey: evil,
          attempts: 1,
          mayBeDuplicate: false,
          nextAttemptAt: now,
          failures: [],
          reason: evil,
        },
      ],
    })
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
    expect(lines).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
    expect(textOf({ payload: 'x' }).split('\n')).toHaveLength(
      textOf({ payload: 'x', conversation: evil }).split('\n').length,
    )
  })

  it('says when the read model does not know the rest of it', () => {
    const parked = { seq: 5, position: 9, deadLetterId: '01K' }
    expect(textOf({ parked })).toContain(
      '\nparked        its conversation is left out from event 5 on: daybook dead-letters:show 01K\n',
    )
  })

  it('says why its body is not shown', () => {
    const { payload: _payload, ...without } = messageOf()
    const evicted = messageLines({ ...without, payloadEvicted: true }, now)
    expect(evicted.at(-1)).toMatch(/archive that has it does not answer/)
    const erased = messageLines({ ...without, conversation: '', messageId: '' }, now)
    expect(erased.at(-1)).toBe('  (erased)')
    expect(erased).toContain('message       (erased)')
  })
})

describe('a list of messages', () => {
  it('shows age, state, attempts and the class of the last error', () => {
    const error = { class: 'HttpError', message: '503', retryable: true }
    const dead = messageOf({
      state: 'dead',
      attempts: 5,
      death: { reason: 'attempts', at: now },
      failures: [{ attempt: 5, at: now, seq: 9, error }],
      conversation: 'x'.repeat(30),
    })
    expect(table([messageOf(), dead], messageColumns(now), false).split('\n')).toEqual([
      '       AGE  STATE           TRIES  LAST ERROR  SOURCE            CONVERSATION              MESSAGE  KEY',
      `3 min 05 s  pending             0              telegram:support  -100                      41       ${key}`,
      `3 min 05 s  dead: attempts      5  HttpError   telegram:support  ${'x'.repeat(23)}…  41       ${key}`,
    ])
  })

  it('never shows a time before now, whatever the clock of this machine says', () => {
    const lines = table([messageOf()], messageColumns('2026-11-21T07:00:00.000Z'), false)
    expect(lines).toMatch(/\n *0 ms /)
  })
})

describe('the numbers', () => {
  it('show messages and replies by what became of them', () => {
    const stats: InboundStats = {
      source: 'telegram',
      account: 'support',
      messages: { pending: 12_000, dead: 3 },
      replies: { pending: 1, claimed: 1, sent: 40, ambiguous: 2, dead: 1 },
      payloads: 11_000,
      oldestPendingAt: receivedAt,
      attempts: 55,
      duplicates: 7,
      conflicts: 1,
    }
    const [titles = '', row = ''] = table([stats], statsColumns(now), false).split('\n')
    expect(titles.trim().split(/ {2,}/)).toEqual([
      'SOURCE',
      'PENDING',
      'CLAIMED',
      'REPLYING',
      'COMPLETED',
      'DEAD',
      'DISMISSED',
      'OLDEST',
      'PAYLOADS',
      'TRIES',
      'DUPLICATES',
      'CONFLICTS',
      'TO SEND',
      'SENT',
      'AMBIGUOUS',
      'UNSENT',
    ])
    expect(row.trim().split(/ {2,}/)).toEqual([
      'telegram:support',
      '12,000',
      '0',
      '0',
      '0',
      '3',
      '0',
      '3 min 05 s',
      '11,000',
      '55',
      '7',
      '1',
      '2',
      '40',
      '2',
      '1',
    ])
  })
})

describe('the answer to a message that was handed in', () => {
  it.each([
    [{ key, outcome: 'accepted', position: 7 }, 'accepted'],
    [{ key, outcome: 'duplicate-pending' }, 'duplicate-pending'],
    [
      { key, outcome: 'duplicate-in-progress', retryAfterMs: 900 },
      'duplicate-in-progress (for 900 ms at most)',
    ],
    [{ key, outcome: 'duplicate-done' }, 'duplicate-done'],
    [{ key, outcome: 'duplicate-done', result: '\u001b' }, 'duplicate-done ("\\u001b")'],
    [{ key, outcome: 'conflict', state: 'completed' }, 'conflict (it is completed, with another body)'],
    [{ key, outcome: 'dead', reason: 'attempts' }, 'dead (attempts)'],
  ] as const)('%j is told in words', (answer, text) => {
    expect(answerText(answer)).toBe(text)
  })
})
