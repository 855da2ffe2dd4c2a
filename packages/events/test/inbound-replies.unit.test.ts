import { describe, expect, it } from 'vitest'
import { Conversation, keyOf } from './inbound-conversation.ts'

const notSent = { class: 'RateLimited', message: '429', retryable: true }

/** A message that was answered by these replies. */
function answered(texts: string[], limits = {}): Conversation {
  const lane = new Conversation(limits)
  lane.receive('1')
  answer(lane, texts)
  return lane
}

function answer(lane: Conversation, texts: string[]): void {
  lane.do({ name: 'complete', ...need(lane.claim()), replies: texts.map((text) => ({ payload: { text } })) })
}

const stateOf = (lane: Conversation, id = '1') => lane.state.messages.get(keyOf(id))?.state

describe('replies', () => {
  it('keep their message unfinished until the last of them is sent', () => {
    const lane = answered(['a', 'b'])
    expect(stateOf(lane)).toBe('replying')
    lane.do({ name: 'reply-sent', ...need(lane.claimReply()), receipt: { id: 7 } })
    expect(stateOf(lane)).toBe('replying')
    lane.do({ name: 'reply-sent', ...need(lane.claimReply()) })
    // What is finished is let go.
    expect(stateOf(lane)).toBeUndefined()
  })

  it('are sent one at a time, in the order in which they were queued, also over several messages', () => {
    const lane = answered(['1a', '1b'])
    lane.receive('2')
    answer(lane, ['2a'])
    const order: string[] = []
    for (let held = lane.claimReply(); held !== undefined; held = lane.claimReply()) {
      expect(lane.claimReply('another')).toBeUndefined()
      order.push(`${held.key === keyOf('1') ? 1 : 2}.${held.reply}`)
      lane.do({ name: 'reply-sent', ...held })
    }
    expect(order).toEqual(['1.1', '1.2', '2.1'])
  })

  it('wait where it is not known whose turn it is: of a long backlog only the beginning is looked at', () => {
    const lane = answered(['1a'])
    lane.receive('2')
    answer(lane, ['2a'])
    const second = lane.state.messages.get(keyOf('2'))
    if (second === undefined) throw new Error('it is there')
    const claim = { name: 'claim-reply', worker: 's', claimId: 'c' } as const
    const messages = new Map([[second.key, second]])
    expect(lane.decide(claim, { messages, repliesKnownUpTo: second.order - 1 })).toEqual([])
    expect(lane.decide(claim, { messages, repliesKnownUpTo: second.order })).toHaveLength(1)
  })

  it('do not hold up the messages that came after', () => {
    const lane = answered(['a'])
    lane.receive('2')
    expect(lane.claim()?.key).toBe(keyOf('2'))
  })

  it('have a key of their own by which a platform recognises them, the same at each attempt', () => {
    const lane = answered(['a', 'b'])
    const keys = lane.state.messages.get(keyOf('1'))?.replies.map(({ idempotencyKey }) => idempotencyKey)
    expect(keys).toEqual([`${keyOf('1')}-1`, `${keyOf('1')}-2`])
  })
})

describe('a reply whose sender', () => {
  it('does not report in time is ambiguous, and is not sent again', () => {
    const lane = answered(['a', 'b'], { replyLeaseMs: 1_000 })
    const dead = need(lane.claimReply('dies'))
    lane.wait(1_000)
    expect(lane.do({ name: 'claim-reply', worker: 's2', claimId: 'c2' })).toEqual(['OUTBOUND_AMBIGUOUS'])
    expect(lane.claimReply('s2')).toMatchObject({ reply: 2 })
    expect(() => lane.do({ name: 'reply-sent', ...dead })).toThrow(
      expect.objectContaining({ code: 'lease-lost' }),
    )
  })

  it('does not report in time is sent again where the source says so, as what it is', () => {
    const lane = answered(['a'], { replyLeaseMs: 1_000, onAmbiguous: 'resend', maxAttempts: 2 })
    lane.claimReply('dies')
    lane.wait(1_000).do({ name: 'expire' })
    expect(lane.events.at(-1)).toMatchObject({ type: 'OUTBOUND_AMBIGUOUS', data: { resend: true } })
    expect(lane.claimReply('dies too')).toBeDefined()
    expect(lane.state.messages.get(keyOf('1'))?.replies[0]).toMatchObject({
      mayBeDuplicate: true,
      attempts: 2,
    })
    // Not for ever.
    lane.wait(1_000).do({ name: 'expire' })
    expect(lane.events.at(-1)).toMatchObject({ type: 'OUTBOUND_AMBIGUOUS', data: { resend: false } })
    expect(stateOf(lane)).toBeUndefined()
  })

  it('cannot tell whether it was sent is ambiguous at once', () => {
    const lane = answered(['a'])
    const error = { class: 'ECONNRESET', message: 'cut off', retryable: true }
    expect(lane.do({ name: 'fail-reply', ...need(lane.claimReply()), error, isUnknown: true })).toEqual([
      'OUTBOUND_AMBIGUOUS',
    ])
    expect(stateOf(lane)).toBeUndefined()
  })

  it('knows that it was not sent has it sent later, after what the platform asks for', () => {
    const lane = answered(['a'])
    const error = { ...notSent, retryAfterMs: 30_000 }
    lane.do({ name: 'fail-reply', ...need(lane.claimReply()), error, isUnknown: false })
    expect(lane.wait(29_999).claimReply()).toBeUndefined()
    expect(lane.wait(1).claimReply()).toMatchObject({ reply: 1 })
    expect(lane.state.messages.get(keyOf('1'))?.replies[0]?.mayBeDuplicate).toBe(false)
  })

  it('gives it back unsent has tried nothing', () => {
    const lane = answered(['a'])
    lane.do({ name: 'release-reply', ...need(lane.claimReply()), reason: 'draining', delayMs: 0 })
    expect(lane.state.messages.get(keyOf('1'))?.replies[0]).toMatchObject({ state: 'pending', attempts: 0 })
  })
})

describe('a reply that cannot be sent', () => {
  it('takes its message with it, until a person has just that reply sent again', () => {
    const lane = answered(['a', 'b'])
    lane.do({ name: 'reply-sent', ...need(lane.claimReply()) })
    const error = { class: 'ChatNotFound', message: '404', retryable: false }
    expect(lane.do({ name: 'fail-reply', ...need(lane.claimReply()), error, isUnknown: false })).toEqual([
      'OUTBOUND_FAILED',
      'OUTBOUND_DEAD',
      'INBOUND_DEAD',
    ])
    expect(lane.state.messages.get(keyOf('1'))?.death?.reason).toBe('reply-dead')
    // The work is done: it must not be done again.
    expect(lane.do({ name: 'requeue', key: keyOf('1'), reason: 'the chat is back' })).toEqual([
      'OUTBOUND_REQUEUED',
    ])
    expect(lane.claim()).toBeUndefined()
    const again = need(lane.claimReply())
    expect(again.reply).toBe(2)
    lane.do({ name: 'reply-sent', ...again })
    expect(stateOf(lane)).toBeUndefined()
  })

  it('since its payload was erased is dead', () => {
    const lane = answered(['a'])
    const ranges = [{ first: 1, last: lane.events.length }]
    lane.append('INBOUND_PAYLOADS_ERASED', { erasureId: '01K00000000000000000000000', ranges }, 'x')
    expect(lane.do({ name: 'claim-reply', worker: 's', claimId: 'c' })).toEqual([
      'OUTBOUND_DEAD',
      'INBOUND_DEAD',
    ])
  })

  it('after as many attempts as its source allows is dead', () => {
    const lane = answered(['a'], { maxAttempts: 2, retryBaseMs: 0 })
    for (const _attempt of [1, 2])
      lane.do({ name: 'fail-reply', ...need(lane.claimReply()), error: notSent, isUnknown: false })
    expect(lane.state.messages.get(keyOf('1'))).toMatchObject({ state: 'dead', replies: [{ state: 'dead' }] })
  })
})

function need<T>(found: T | undefined): T {
  if (found === undefined) throw new Error('nothing was claimed')
  return found
}
