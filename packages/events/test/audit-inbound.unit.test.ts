import { describe, expect, it } from 'vitest'
import { auditEntry, isFailure } from '../src/audit/entry.ts'
import type { JournalEvent } from '../src/envelope.ts'
import { withoutPayload } from '../src/erasure/payloads-erased.ts'
import { eventTypes } from '../src/registry.ts'
import { eventOf } from './journal.ts'

const key = 'k'.repeat(52)
const stream = 'inbound/telegram:support:-100'
const error = { class: 'HttpError', message: '503\nfrom the model', retryable: true }

function entryOf(type: string, data: JournalEvent['data']) {
  return auditEntry(eventOf(stream, { type, data: { key, ...data } }))
}

const identity = { source: 'telegram', account: 'support', conversation: '-100', messageId: '41' }

/** The type, what it says, the line without the key, and how it is seen. */
const cases: [type: string, data: JournalEvent['data'], text: string, outcome: string][] = [
  [
    'INBOUND_RECEIVED',
    { ...identity, payload: { text: 'hello' }, payloadHash: 'a'.repeat(64) },
    'message K came in: 41 of -100, at telegram:support',
    '-',
  ],
  ['INBOUND_DUPLICATED', {}, 'message K was delivered again', '-'],
  ['INBOUND_CONFLICTED', { payload: 1 }, 'message K was delivered again with another body', '-'],
  [
    'INBOUND_CLAIMED',
    { worker: 'bot-2', claimId: 'c', leaseMs: 300_000, attempt: 2 },
    'bot-2 works on message K, for 5 min 00 s, attempt 2',
    '-',
  ],
  ['INBOUND_EXTENDED', { token: 2, leaseMs: 1_500 }, 'the lease of message K was extended, for 1.5 s', '-'],
  ['INBOUND_COMPLETED', { token: 2, replies: 0 }, 'message K is done', 'ok'],
  [
    'INBOUND_COMPLETED',
    { token: 2, replies: 1, result: { runId: 'r1' } },
    'message K is done, 1 reply to send: {"runId":"r1"}',
    'ok',
  ],
  ['INBOUND_COMPLETED', { token: 2, replies: 3 }, 'message K is done, 3 replies to send', 'ok'],
  [
    'INBOUND_FAILED',
    { token: 2, attempt: 1, error, retryAfterMs: 0 },
    'attempt 1 at message K failed: HttpError: 503 ⏎ from the model',
    'failed',
  ],
  [
    'INBOUND_RELEASED',
    { token: 2, reason: 'shutting down', delayMs: 0 },
    'message K was given back: shutting down',
    '-',
  ],
  ['INBOUND_DEAD', { reason: 'attempts' }, 'message K is dead: attempts', 'failed'],
  [
    'INBOUND_REQUEUED',
    { reason: 'mended' },
    'message K is to be tried again, as the last of its lane: mended',
    '-',
  ],
  ['INBOUND_DISMISSED', { reason: 'a test' }, 'message K was dismissed: a test', '-'],
  [
    'INBOUND_PAYLOADS_ERASED',
    { erasureId: 'E1', seqs: [1, 2] },
    'payloads of this conversation were erased (E1)',
    '-',
  ],
  [
    'OUTBOUND_QUEUED',
    { reply: 1, payload: {}, idempotencyKey: 'i' },
    'reply 1 to message K is to be sent',
    '-',
  ],
  [
    'OUTBOUND_CLAIMED',
    { reply: 1, worker: 'sender', claimId: 'c', leaseMs: 60_000, attempt: 1 },
    'sender is about to send reply 1 to message K, for 1 min 00 s, attempt 1',
    '-',
  ],
  [
    'OUTBOUND_EXTENDED',
    { reply: 1, token: 3, leaseMs: 60_000 },
    'the lease of reply 1 to message K was extended, for 1 min 00 s',
    '-',
  ],
  ['OUTBOUND_SENT', { reply: 1, token: 3 }, 'reply 1 to message K was sent', 'ok'],
  [
    'OUTBOUND_AMBIGUOUS',
    { reply: 1, token: 3, reason: 'no answer', resend: false },
    'reply 1 to message K may have been sent or not: no answer',
    'failed',
  ],
  [
    'OUTBOUND_AMBIGUOUS',
    { reply: 1, token: 3, reason: 'no answer', resend: true },
    'reply 1 to message K may have been sent or not, and is sent once more: no answer',
    'failed',
  ],
  [
    'OUTBOUND_FAILED',
    { reply: 2, token: 3, attempt: 4, error, retryAfterMs: 0 },
    'attempt 4 to send reply 2 to message K failed: HttpError: 503 ⏎ from the model',
    'failed',
  ],
  [
    'OUTBOUND_RELEASED',
    { reply: 1, token: 3, reason: 'draining', delayMs: 0 },
    'reply 1 to message K was given back unsent: draining',
    '-',
  ],
  [
    'OUTBOUND_DEAD',
    { reply: 1, reason: 'not-retryable' },
    'reply 1 to message K is dead, and was not sent: not-retryable',
    'failed',
  ],
  [
    'OUTBOUND_REQUEUED',
    { reply: 1, reason: 'again' },
    'reply 1 to message K is to be sent again: again',
    '-',
  ],
]

describe('the trail of a conversation', () => {
  it.each(cases)('tells %s %j', (type, data, text, outcome) => {
    const entry = entryOf(type, data)
    expect(entry.text.replace(key, 'K')).toBe(text)
    expect(entry.outcome ?? '-').toBe(outcome)
    expect(isFailure(entry)).toBe(outcome === 'failed')
  })

  it('has a sentence of its own for each type of the kind', () => {
    const types = eventTypes.filter(({ kind }) => kind === 'inbound').map(({ type }) => type)
    expect(types.length).toBeGreaterThan(20)
    expect(types.toSorted()).toEqual([...new Set(cases.map(([type]) => type))].toSorted())
  })

  it('says of what was erased only that it is erased', () => {
    const event = eventOf(stream, { type: 'INBOUND_RECEIVED', data: { key, ...identity } })
    const { text } = auditEntry(withoutPayload(event, 'E1'))
    expect(text).toBe('erased (E1)')
  })
})
