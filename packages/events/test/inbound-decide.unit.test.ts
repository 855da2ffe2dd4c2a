import { describe, expect, it } from 'vitest'
import { claimedBy } from '../src/inbound/decide.ts'
import { Conversation, keyOf } from './inbound-conversation.ts'

const MINUTE_MS = 60_000
const retryable = { class: 'Timeout', message: 'the model did not answer', retryable: true }
const lost = expect.objectContaining({ code: 'lease-lost', retry: 'never' })

describe('a claim', () => {
  it('gets the oldest message of the conversation, and nobody else gets another one of it', () => {
    const lane = new Conversation()
    lane.receive('1')
    lane.receive('2')
    expect(lane.claim('a')?.key).toBe(keyOf('1'))
    expect(lane.claim('b')).toBeUndefined()
  })

  it('gets the next one only when the first is settled, however it was', () => {
    const lane = new Conversation()
    for (const id of ['1', '2', '3']) lane.receive(id)
    const first = lane.claim()
    lane.do({ name: 'complete', ...need(first) })
    const second = lane.claim()
    expect(second?.key).toBe(keyOf('2'))
    lane.do({ name: 'fail', ...need(second), error: { ...retryable, retryable: false } })
    expect(lane.claim()?.key).toBe(keyOf('3'))
  })

  it('waits for a message that is to be tried again later: order comes first', () => {
    const lane = new Conversation({ retryBaseMs: 1_000 })
    lane.receive('1')
    lane.receive('2')
    lane.do({ name: 'fail', ...need(lane.claim()), error: retryable })
    expect(lane.claim()).toBeUndefined()
    lane.wait(1_000)
    expect(lane.claim()?.key).toBe(keyOf('1'))
  })

  it('takes over a lease that has run out, which counts as an attempt that failed', () => {
    const lane = new Conversation({ leaseMs: 5_000 })
    const key = lane.receive('1')
    lane.claim('a')
    expect(lane.wait(4_999).claim('b')).toBeUndefined()
    expect(lane.wait(1).do({ name: 'claim', worker: 'b', claimId: 'c2' })).toEqual([
      'INBOUND_FAILED',
      'INBOUND_CLAIMED',
    ])
    expect(lane.state.messages.get(key)).toMatchObject({
      attempts: 2,
      lease: { worker: 'b' },
      failures: [{ worker: 'a', error: { class: 'lease-expired' } }],
    })
  })

  it('that is repeated finds what it got, and appends nothing', () => {
    const lane = new Conversation()
    lane.receive('1')
    const wish = { name: 'claim', worker: 'a', claimId: 'c1' } as const
    expect(lane.do(wish)).toEqual(['INBOUND_CLAIMED'])
    expect(lane.do(wish)).toEqual([])
    // Another worker that happens to use the same id is somebody else.
    const moment = { now: lane.now, limits: lane.limits, chance: 0 }
    expect(claimedBy(lane.state, { ...wish, ...moment })?.key).toBe(keyOf('1'))
    expect(claimedBy(lane.state, { ...wish, ...moment, worker: 'b' })).toBeUndefined()
    // What it got has run out: it gets another lease.
    lane.wait(lane.limits.leaseMs)
    expect(lane.do(wish)).toEqual(['INBOUND_FAILED', 'INBOUND_CLAIMED'])
  })

  it('of a named message gets it only in its turn', () => {
    const lane = new Conversation()
    lane.receive('1')
    lane.receive('2')
    expect(lane.do({ name: 'claim', worker: 'a', claimId: 'c', key: keyOf('2') })).toEqual([])
    expect(lane.do({ name: 'claim', worker: 'a', claimId: 'c', key: keyOf('1') })).toHaveLength(1)
  })

  it('passes over what is stale, by the time at which it was sent, and says so', () => {
    const lane = new Conversation({ staleness: 'drop-with-record', maxAgeMs: 10 * MINUTE_MS })
    lane.receive('old', {}, new Date(Date.parse(lane.now) - 11 * MINUTE_MS).toISOString())
    lane.receive('new', {}, lane.now)
    expect(lane.do({ name: 'claim', worker: 'a', claimId: 'c' })).toEqual(['INBOUND_DEAD', 'INBOUND_CLAIMED'])
    expect(lane.state.messages.get(keyOf('old'))?.death?.reason).toBe('stale')
    lane.do({ name: 'complete', ...need(lane.claim('a', 'c')) })
    lane.do({ name: 'requeue', key: keyOf('old'), reason: 'still wanted' })
    expect(lane.claim()?.key).toBe(keyOf('old'))
  })
})

describe('a message that somebody works on', () => {
  it('does not die under the hands of its worker, though it is stale or erased by now', () => {
    const lane = new Conversation({ staleness: 'drop-with-record', maxAgeMs: 1_000, leaseMs: 9_000 })
    lane.receive('1')
    const held = need(lane.claim('a'))
    const ranges = [{ first: 1, last: 1 }]
    lane.append('INBOUND_PAYLOADS_ERASED', { erasureId: '01K00000000000000000000000', ranges }, 'x')
    expect(lane.wait(5_000).do({ name: 'claim', worker: 'b', claimId: 'c' })).toEqual([])
    expect(lane.do({ name: 'complete', ...held })).toEqual(['INBOUND_COMPLETED'])
  })
})

describe('a lease', () => {
  it('is of whoever holds its token; a zombie is refused and the new owner unharmed', () => {
    const lane = new Conversation({ leaseMs: 1_000 })
    lane.receive('1')
    const zombie = need(lane.claim('a'))
    const owner = need(lane.wait(1_000).claim('b'))
    for (const name of ['complete', 'extend', 'release', 'fail'] as const)
      expect(() =>
        lane.do({ name, ...zombie, leaseMs: 1_000, reason: 'x', delayMs: 0, error: retryable }),
      ).toThrow(lost)
    expect(lane.do({ name: 'complete', ...owner })).toEqual(['INBOUND_COMPLETED'])
  })

  it('can be extended again and again, also by a holder that missed the answers', () => {
    const lane = new Conversation({ leaseMs: 1_000 })
    lane.receive('1')
    const first = need(lane.claim('a'))
    for (let times = 0; times < 10; times += 1)
      lane.wait(900).do({ name: 'extend', ...first, leaseMs: 1_000 })
    expect(lane.claim('b')).toBeUndefined()
    expect(lane.state.messages.get(first.key)?.lease?.token).toBeGreaterThan(first.token)
    expect(lane.do({ name: 'complete', ...first })).toEqual(['INBOUND_COMPLETED'])
    // By it a completion is recognised whose answer was lost.
    expect(lane.events.at(-1)?.data['token']).toBe(first.token)
  })

  it('that ran out holds until somebody else takes the message', () => {
    const lane = new Conversation({ leaseMs: 1_000 })
    lane.receive('1')
    const late = need(lane.claim('a'))
    expect(lane.wait(5_000).do({ name: 'complete', ...late })).toEqual(['INBOUND_COMPLETED'])
  })

  it('given back is no attempt', () => {
    const lane = new Conversation({ maxAttempts: 1, minDeadAgeMs: 0 })
    const key = lane.receive('1')
    for (let times = 0; times < 9; times += 1)
      lane.do({ name: 'release', ...need(lane.claim()), reason: 'draining', delayMs: 0 })
    expect(lane.state.messages.get(key)).toMatchObject({ state: 'pending', attempts: 0 })
    lane.do({ name: 'release', ...need(lane.claim()), reason: 'busy', delayMs: 500 })
    expect(lane.claim()).toBeUndefined()
    expect(lane.wait(500).claim()?.key).toBe(key)
  })
})

describe('a failed attempt', () => {
  it('is followed by pauses that grow, up to a bound, and by what a platform asks for', () => {
    const lane = new Conversation({ retryBaseMs: 1_000, retryMaxMs: 4_000, maxAttempts: 99 })
    const key = lane.receive('1')
    const pauses = [1, 2, 3, 4, 5].map(() => {
      lane.do({ name: 'fail', ...need(lane.claim()), error: retryable })
      const pauseMs = Date.parse(lane.state.messages.get(key)?.nextAttemptAt ?? '') - Date.parse(lane.now)
      lane.wait(pauseMs)
      return pauseMs
    })
    // With chance 0.5, three quarters of 1, 2, 4, 4, 4 seconds.
    expect(pauses).toEqual([750, 1_500, 3_000, 3_000, 3_000])
    const error = { ...retryable, retryAfterMs: 60_000 }
    lane.do({ name: 'fail', ...need(lane.claim()), error })
    expect(lane.wait(59_999).claim()).toBeUndefined()
    expect(lane.wait(1).claim()?.key).toBe(key)
  })

  it.each([
    ['at once when it cannot be retried', { attempts: 1, ageMs: 0, retryable: false }, 'not-retryable'],
    ['not before it is old enough', { attempts: 9, ageMs: 0, retryable: true }, undefined],
    [
      'not before it was tried often enough',
      { attempts: 4, ageMs: 20 * MINUTE_MS, retryable: true },
      undefined,
    ],
    ['tried often and old', { attempts: 5, ageMs: 20 * MINUTE_MS, retryable: true }, 'attempts'],
  ])('makes a message dead %s', (_case, { attempts, ageMs, ...error }, reason) => {
    const lane = new Conversation({ maxAttempts: 5, minDeadAgeMs: 10 * MINUTE_MS, retryBaseMs: 0 })
    const key = lane.receive('1')
    lane.wait(ageMs)
    for (let times = 0; times < attempts; times += 1)
      lane.do({ name: 'fail', ...need(lane.claim()), error: { ...retryable, ...error } })
    expect(lane.state.messages.get(key)?.death?.reason).toBe(reason)
  })

  it('of a worker that dies each time is a poison too', () => {
    const lane = new Conversation({ leaseMs: 1_000, maxAttempts: 3, minDeadAgeMs: 0 })
    const key = lane.receive('poison')
    lane.receive('next')
    for (const worker of ['a', 'b', 'c']) {
      lane.claim(worker)
      lane.wait(1_000)
    }
    expect(lane.claim('d')?.key).toBe(keyOf('next'))
    expect(lane.state.messages.get(key)).toMatchObject({ state: 'dead', death: { reason: 'attempts' } })
    expect(lane.state.messages.get(key)?.failures).toHaveLength(3)
  })
})

describe('a person', () => {
  it('has a dead message tried again, after what came in the meantime', () => {
    const lane = new Conversation()
    const key = lane.receive('1')
    lane.do({ name: 'fail', ...need(lane.claim()), error: { ...retryable, retryable: false } })
    lane.receive('2')
    const requeue = { name: 'requeue', key, reason: 'mended' } as const
    expect(lane.do(requeue)).toEqual(['INBOUND_REQUEUED'])
    expect(lane.do(requeue)).toEqual([])
    expect(lane.state.messages.get(key)).toMatchObject({ attempts: 0, requeues: 1, failures: [{}] })
    const second = need(lane.claim())
    expect(second.key).toBe(keyOf('2'))
    lane.do({ name: 'complete', ...second })
    expect(lane.claim()?.key).toBe(key)
  })

  it('takes note of a dead or a pending message, and of none that somebody works on', () => {
    const lane = new Conversation()
    const key = lane.receive('1')
    const dismiss = { name: 'dismiss', key, reason: 'spam' } as const
    const held = need(lane.claim())
    expect(() => lane.do(dismiss)).toThrow(expect.objectContaining({ code: 'invalid-transition' }))
    lane.do({ name: 'release', ...held, reason: 'draining', delayMs: 0 })
    expect(lane.do(dismiss)).toEqual(['INBOUND_DISMISSED'])
    expect(() => lane.do(dismiss)).toThrow(expect.objectContaining({ code: 'not-found' }))
  })

  it('cannot requeue what is not dead, or has nothing to be worked on any more', () => {
    const lane = new Conversation()
    const key = lane.receive('1')
    const refused = expect.objectContaining({ code: 'invalid-transition' })
    expect(() => lane.do({ name: 'requeue', key, reason: 'x' })).toThrow(refused)
    lane.do({ name: 'fail', ...need(lane.claim()), error: { ...retryable, retryable: false } })
    const ranges = [{ first: 1, last: 1 }]
    lane.append('INBOUND_PAYLOADS_ERASED', { erasureId: '01K00000000000000000000000', ranges }, key)
    expect(() => lane.do({ name: 'requeue', key, reason: 'x' })).toThrow(refused)
  })
})

describe('a full source', () => {
  it('lets the oldest pending message give way, and none that is being worked on', () => {
    const lane = new Conversation()
    const key = lane.receive('1')
    lane.receive('2')
    lane.claim()
    expect(lane.do({ name: 'evict', key })).toEqual([])
    expect(lane.do({ name: 'evict', key: keyOf('2') })).toEqual(['INBOUND_DEAD'])
    expect(lane.state.messages.get(keyOf('2'))?.death?.reason).toBe('evicted')
  })
})

function need<T>(found: T | undefined): T {
  if (found === undefined) throw new Error('nothing was claimed')
  return found
}
