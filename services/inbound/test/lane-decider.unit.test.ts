import { headOf, type JournalEvent, type LaneState, messageKeyOf, replyHeadOf } from '@daybook/events'
import { describe, expect, it } from 'vitest'
import { laneDecider, WINDOW_MAX } from '../src/lane-decider.ts'

const keyOf = (messageId: string): string =>
  messageKeyOf({ source: 'telegram', account: 'a', conversation: 'c', messageId })

/** Events of one conversation, as the journal numbers them. */
function conversation() {
  let seq = 0
  return (type: string, messageId: string, data: object = {}): JournalEvent => {
    seq += 1
    const at = new Date(Date.UTC(2026, 10, 21) + seq).toISOString()
    return {
      id: String(seq).padStart(26, '0'),
      tenant: 'main',
      stream: 'inbound/telegram:a:c',
      seq,
      position: seq,
      type,
      v: 1,
      data: { key: keyOf(messageId), ...data },
      actor: { kind: 'service', id: 'test' },
      occurredAt: at,
      recordedAt: at,
      correlationId: keyOf(messageId),
      checksum: '0'.repeat(64),
      prev: '0'.repeat(64),
      hash: '0'.repeat(64),
    }
  }
}

const received = {
  source: 'telegram',
  account: 'a',
  conversation: 'c',
  payload: 1,
  payloadHash: '0'.repeat(64),
}

function fold(events: readonly JournalEvent[], named?: string): LaneState {
  const { initial, evolve } = laneDecider(named === undefined ? undefined : keyOf(named))
  return events.reduce(evolve, initial)
}

describe('the state of a conversation', () => {
  it('stays small however long the backlog is, and knows whose turn it is', () => {
    const event = conversation()
    const backlog = Array.from({ length: 1_000 }, (_, index) =>
      event('INBOUND_RECEIVED', String(index), { ...received, messageId: String(index) }),
    )
    const state = fold(backlog)
    expect(state.messages.size).toBe(2 * WINDOW_MAX)
    expect(headOf(state)?.key).toBe(keyOf('0'))
    const all = backlog.slice(0, 2 * WINDOW_MAX).map((_, index) => event('INBOUND_DISMISSED', String(index)))
    // Somebody is next, but nobody of whom this state knows.
    expect(headOf(fold([...backlog, ...all]))).toBeUndefined()
  })

  it('follows the message that a command names from its first event to its last', () => {
    const event = conversation()
    const backlog = Array.from({ length: 300 }, (_, index) =>
      event('INBOUND_RECEIVED', String(index), { ...received, messageId: String(index) }),
    )
    const claimed = event('INBOUND_CLAIMED', '299', { worker: 'w', claimId: 'c', leaseMs: 1_000, attempt: 1 })
    expect(fold([...backlog, claimed], '299').messages.get(keyOf('299'))?.state).toBe('claimed')
  })

  it('lets nothing overtake a message that comes back from the dead', () => {
    const event = conversation()
    const events = [
      event('INBOUND_RECEIVED', '1', { ...received, messageId: '1' }),
      event('INBOUND_DEAD', '1', { reason: 'evicted' }),
      event('INBOUND_REQUEUED', '1', { reason: 'mended' }),
      event('INBOUND_RECEIVED', '2', { ...received, messageId: '2' }),
    ]
    expect(fold(events.slice(0, 2)).messages.size).toBe(0)
    expect(headOf(fold(events))).toBeUndefined()
    expect(headOf(fold(events, '1'))?.key).toBe(keyOf('1'))
  })

  it('lets no reply overtake one of a message that it does not know', () => {
    const event = conversation()
    const reply = { reply: 1, payload: 1, idempotencyKey: 'k' }
    const first = [
      event('INBOUND_RECEIVED', '1', { ...received, messageId: '1' }),
      event('INBOUND_COMPLETED', '1', { token: 1, replies: 1 }),
      event('OUTBOUND_QUEUED', '1', reply),
    ]
    expect(replyHeadOf(fold(first))?.message.key).toBe(keyOf('1'))
    const died = [
      event('OUTBOUND_DEAD', '1', { reply: 1, reason: 'attempts' }),
      event('INBOUND_DEAD', '1', { reason: 'reply-dead' }),
    ]
    const second = [
      event('INBOUND_RECEIVED', '2', { ...received, messageId: '2' }),
      event('INBOUND_COMPLETED', '2', { token: 1, replies: 1 }),
      event('OUTBOUND_QUEUED', '2', reply),
    ]
    const requeued = event('OUTBOUND_REQUEUED', '1', { reply: 1, reason: 'mended' })
    expect(replyHeadOf(fold([...first, ...died, ...second]))?.message.key).toBe(keyOf('2'))
    expect(replyHeadOf(fold([...first, ...died, ...second, requeued]))).toBeUndefined()
  })
})
