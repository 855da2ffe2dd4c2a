import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JournalEvent } from '../src/envelope.ts'
import { evolveMessage, messageKeyOfEvent } from '../src/inbound/evolve.ts'
import { emptyLane, evolveLane, headOf, type LaneState } from '../src/inbound/lane-state.ts'
import { type InboundMessage, isFinished } from '../src/inbound/message.ts'
import { findEventType } from '../src/registry.ts'
import { Validator } from '../src/validator.ts'
import { Conversation, keyOf, type Wish } from './inbound-conversation.ts'

/** One thing that happens to a conversation; numbers choose among what is there. */
type Step =
  | { do: 'receive' }
  | { do: 'redeliver'; which: number }
  | { do: 'wait'; ms: number }
  | { do: 'claim' | 'claim-reply' | 'expire'; worker: string }
  | { do: 'settle' | 'settle-reply' | 'operate'; which: number; how: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ do: fc.constant('redeliver' as const), which: fc.nat({ max: 5 }) }) },
  { weight: 3, arbitrary: fc.constant<Step>({ do: 'receive' }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 4_000 }) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom('claim' as const, 'claim-reply' as const, 'expire' as const),
      worker: fc.constantFrom('a', 'b'),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('settle' as const, 'settle-reply' as const, 'operate' as const),
      which: fc.nat({ max: 5 }),
      how: fc.nat({ max: 4 }),
    }),
  },
)
const steps = fc.array(step, { maxLength: 60 })

const error = { class: 'E', message: 'no', retryable: true }
const settled = (how: number, held: { key: string; token: number }): Wish => {
  const replies = how === 1 ? [{ payload: 'r1' }, { payload: 'r2' }] : []
  if (how === 2) return { name: 'fail', ...held, error }
  if (how === 3) return { name: 'fail', ...held, error: { ...error, retryable: false } }
  if (how === 4) return { name: 'release', ...held, reason: 'draining', delayMs: 10 }
  return { name: 'complete', ...held, result: 'ok', replies }
}
const settledReply = (how: number, held: { key: string; reply: number; token: number }): Wish => {
  if (how === 1) return { name: 'fail-reply', ...held, error, isUnknown: true }
  if (how === 2) return { name: 'fail-reply', ...held, error, isUnknown: false }
  if (how === 3)
    return { name: 'fail-reply', ...held, error: { ...error, retryable: false }, isUnknown: false }
  if (how === 4) return { name: 'release-reply', ...held, reason: 'draining', delayMs: 10 }
  return { name: 'reply-sent', ...held }
}

/** Plays the steps; what is refused changes nothing. `watch` sees each command before it is done. */
function play(lane: Conversation, given: readonly Step[], watch: (wish: Wish) => void = () => {}): void {
  let received = 0
  const act = (wish: Wish): void => {
    watch(wish)
    try {
      lane.do(wish)
    } catch (refused) {
      expect(refused).toMatchObject({
        code: expect.stringMatching(/^(lease-lost|not-found|invalid-transition)$/),
      })
    }
  }
  for (const [index, one] of given.entries()) {
    const messages = [...lane.state.messages.values()]
    if (one.do === 'receive') lane.receive(String((received += 1)))
    else if (one.do === 'redeliver') {
      const key = keyOf(String(1 + (one.which % (received || 1))))
      if (received > 0) lane.append('INBOUND_DUPLICATED', { key }, key)
    } else if (one.do === 'wait') lane.wait(one.ms)
    else if ('worker' in one) {
      const { do: name, worker } = one
      act(name === 'expire' ? { name } : { name, worker, claimId: `c${index}` })
    } else if (one.do === 'settle') {
      const { key = 'none', lease } = messages[one.which % (messages.length || 1)] ?? {}
      act(settled(one.how, { key, token: lease?.token ?? 1 }))
    } else if (one.do === 'settle-reply') {
      const { key = 'none', replies = [] } = messages[one.which % (messages.length || 1)] ?? {}
      const reply = replies.find(({ lease }) => lease !== undefined)
      act(settledReply(one.how, { key, reply: reply?.reply ?? 1, token: reply?.lease?.token ?? 1 }))
    } else {
      const key = messages[one.which % (messages.length || 1)]?.key ?? keyOf('none')
      act({ name: one.how % 2 === 0 ? 'requeue' : 'dismiss', key, reason: 'because' })
    }
  }
}

const limits = { leaseMs: 2_000, replyLeaseMs: 1_000, maxAttempts: 3, minDeadAgeMs: 3_000, retryBaseMs: 100 }

/** Each message as a read model has it: by itself, and also when it is finished. */
function readModelOf(events: readonly JournalEvent[]): Map<string, InboundMessage> {
  const messages = new Map<string, InboundMessage>()
  for (const event of events) {
    const key = messageKeyOfEvent(event)
    if (key === undefined) continue
    const after = evolveMessage(messages.get(key), event)
    if (after !== undefined) messages.set(key, after)
  }
  return messages
}

describe('whatever happens to a conversation', () => {
  it('every event that is decided fits the schema of its type', () => {
    fc.assert(
      fc.property(steps, (given) => {
        const lane = new Conversation(limits)
        play(lane, given)
        for (const { type, data } of lane.events) {
          const eventType = findEventType(type, 1)
          expect(
            eventType && new Validator(eventType.schema).check(data),
            `${type} ${JSON.stringify(data)}`,
          ).toBe(true)
        }
      }),
    )
  })

  it('at most one message has a live lease, and none is claimed before an older one is settled', () => {
    fc.assert(
      fc.property(steps, (given) => {
        const lane = new Conversation(limits)
        let before: LaneState = emptyLane
        play(lane, given)
        for (const event of lane.events) {
          if (event.type === 'INBOUND_CLAIMED') expect(headOf(before)?.key).toBe(event.correlationId)
          before = evolveLane(before, event)
          const held = [...before.messages.values()].filter(({ state }) => state === 'claimed')
          expect(held.length).toBeLessThanOrEqual(1)
        }
      }),
    )
  })

  it('a reply is sent again only after the word ambiguous, or after it was certainly not sent', () => {
    fc.assert(
      fc.property(steps, fc.constantFrom('keep' as const, 'resend' as const), (given, onAmbiguous) => {
        const lane = new Conversation({ ...limits, onAmbiguous })
        play(lane, given)
        const claimed = new Set<string>()
        for (const { type, data, correlationId } of lane.events) {
          const reply = JSON.stringify([correlationId, data['reply']])
          if (type === 'OUTBOUND_CLAIMED') {
            expect(claimed.has(reply)).toBe(false)
            claimed.add(reply)
          } else if (/^OUTBOUND_(AMBIGUOUS|FAILED|RELEASED)$/.test(type)) claimed.delete(reply)
        }
      }),
    )
  })

  it('what deciding knows is what the read model has, of all that is not finished', () => {
    fc.assert(
      fc.property(steps, (given) => {
        const lane = new Conversation(limits)
        play(lane, given)
        const unfinished = [...readModelOf(lane.events)].filter(([, message]) => !isFinished(message))
        expect(new Map(unfinished)).toEqual(lane.state.messages)
      }),
    )
  })

  it('a window of a long backlog decides the same as the whole of it, or nothing', () => {
    fc.assert(
      fc.property(steps, fc.nat({ max: 3 }), fc.nat({ max: 20 }), (given, size, lag) => {
        const lane = new Conversation(limits)
        play(lane, given, (wish) => {
          const cut = Math.max(0, lane.events.length - lag)
          const window = windowOf(lane.events.slice(0, cut), size, 'key' in wish ? wish.key : undefined)
          const state = lane.events.slice(cut).reduce(evolveLane, window)
          const whole = outcomeOf(() => lane.decide(wish))
          const part = outcomeOf(() => lane.decide(wish, state))
          if (!isClaim(wish)) expect(part).toEqual(whole)
          // It never gives out another message than the whole would; it may not know yet whose turn it is.
          else
            expect(
              [JSON.stringify(whole), '[]'].includes(JSON.stringify(part)) || isPrefix(part, whole),
            ).toBe(true)
        })
      }),
    )
  })

  it('what was erased is nowhere any more, and the rest goes on', () => {
    fc.assert(
      fc.property(steps, (given) => {
        const lane = new Conversation(limits)
        lane.receive('secret', { text: 'SECRET' })
        const held = lane.claim()
        if (held !== undefined)
          lane.do({ name: 'complete', ...held, result: 'SECRET', replies: [{ payload: 'SECRET' }] })
        lane.append(
          'INBOUND_CONFLICTED',
          { key: keyOf('secret'), payload: 'SECRET', payloadHash: 'x' },
          keyOf('secret'),
        )
        play(lane, given)
        const ranges = [{ first: 1, last: lane.events.length }]
        lane.append(
          'INBOUND_PAYLOADS_ERASED',
          { erasureId: '01K00000000000000000000000', ranges },
          keyOf('secret'),
        )
        const rows = [...readModelOf(lane.events).values()].map((row) =>
          evolveMessage(row, lastOf(lane.events)),
        )
        expect(JSON.stringify(rows)).not.toMatch(/SECRET|"r1"|"r2"|"no"|"ok"|"because"|"42"/)
        expect(() => lane.do({ name: 'claim', worker: 'a', claimId: 'after' })).not.toThrow()
        expect([...lane.state.messages.values()].some(({ lease }) => lease?.claimId === 'after')).toBe(false)
      }),
    )
  })
})

/** As the read model gives it: the first ones, and the one that a command names. */
function windowOf(events: readonly JournalEvent[], size: number, named: string | undefined): LaneState {
  const unfinished = [...readModelOf(events).values()]
    .filter((message) => !isFinished(message) && message.state !== 'dead')
    .toSorted((a, b) => a.order - b.order)
  const all = readModelOf(events)
  const first = unfinished.slice(0, size)
  const wanted = named === undefined ? undefined : all.get(named)
  const known = [...first, ...(wanted === undefined || isFinished(wanted) ? [] : [wanted])]
  const messages = new Map(known.map((message) => [message.key, message]))
  const bound = first.at(-1)?.order ?? 0
  return unfinished.length > size ? { messages, knownUpTo: bound, repliesKnownUpTo: bound } : { messages }
}

function outcomeOf(decide: () => unknown): unknown {
  try {
    return decide()
  } catch (error) {
    return error instanceof Error ? error.message : error
  }
}

function isClaim({ name }: Wish): boolean {
  return name === 'claim' || name === 'claim-reply' || name === 'expire'
}

function isPrefix(part: unknown, whole: unknown): boolean {
  if (!Array.isArray(part) || !Array.isArray(whole)) return false
  return part.every((decided, index) => JSON.stringify(decided) === JSON.stringify(whole[index]))
}

function lastOf(events: readonly JournalEvent[]): JournalEvent {
  const last = events.at(-1)
  if (last === undefined) throw new Error('nothing happened')
  return last
}
