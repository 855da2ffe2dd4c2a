import type { JsonObject, JsonValue } from '@daybook/errors'
import { checksumOf, FIRST_PREV, hashOf } from '../src/chain.ts'
import type { JournalEvent } from '../src/envelope.ts'
import { createUlids } from '../src/id.ts'
import type { InboundCommand } from '../src/inbound/command.ts'
import { decideInbound } from '../src/inbound/decide.ts'
import { laneOf, messageKeyOf, payloadHashOf } from '../src/inbound/lane.ts'
import { emptyLane, evolveLane, type LaneState } from '../src/inbound/lane-state.ts'
import { type InboundLimits, inboundLimitsOf } from '../src/inbound/limits.ts'
import { canonicalJson } from '../src/json/canonical.ts'

const nextId = createUlids()
const place = { source: 'telegram', account: 'support', conversation: '42' }
const START_MS = Date.UTC(2026, 10, 21, 8)

/** The key of the message with this id in the conversation of the tests. */
export const keyOf = (messageId: string): string => messageKeyOf({ ...place, messageId })

type Moment = 'now' | 'limits' | 'chance'
/** A command without what the conversation itself knows. */
export type Wish = InboundCommand extends infer One
  ? One extends unknown
    ? Omit<One, Moment>
    : never
  : never

/** A conversation with a clock: commands are decided on its state, and what is decided is appended. */
export class Conversation {
  readonly events: JournalEvent[] = []
  readonly limits: InboundLimits
  state: LaneState = emptyLane
  #nowMs = START_MS

  constructor(limits: Partial<InboundLimits> = {}) {
    this.limits = inboundLimitsOf(limits)
  }

  get now(): string {
    return new Date(this.#nowMs).toISOString()
  }

  wait(ms: number): this {
    this.#nowMs += ms
    return this
  }

  receive(messageId: string, payload: JsonValue = { text: messageId }, eventTime?: string): string {
    const key = keyOf(messageId)
    const data = { key, ...place, messageId, payload, payloadHash: payloadHashOf(payload) }
    this.append('INBOUND_RECEIVED', { ...data, ...(eventTime !== undefined && { eventTime }) }, key)
    return key
  }

  /** What is decided of a wish now, without its being done. */
  decide(wish: Wish, state = this.state) {
    return decideInbound(state, { ...wish, now: this.now, limits: this.limits, chance: 0.5 })
  }

  /** Does it, and tells the types of the events. */
  do(wish: Wish): string[] {
    const decided = this.decide(wish)
    for (const { type, data, correlationId } of decided) this.append(type, data, correlationId)
    return decided.map(({ type }) => type)
  }

  claim(worker = 'w1', claimId = nextId()): { key: string; token: number } | undefined {
    this.do({ name: 'claim', worker, claimId })
    const held = [...this.state.messages.values()].find(({ lease }) => lease?.claimId === claimId)
    return held?.lease && { key: held.key, token: held.lease.token }
  }

  claimReply(worker = 's1', claimId = nextId()): { key: string; reply: number; token: number } | undefined {
    this.do({ name: 'claim-reply', worker, claimId })
    for (const { key, replies } of this.state.messages.values())
      for (const { reply, lease } of replies)
        if (lease?.claimId === claimId) return { key, reply, token: lease.token }
    return undefined
  }

  append(type: string, data: JsonObject, correlationId: string): JournalEvent {
    const seq = this.events.length + 1
    const header = {
      id: nextId(),
      tenant: 'main',
      stream: laneOf(place),
      v: 1,
      type,
      actor: { kind: 'agent' as const, id: 'bot-1' },
      occurredAt: this.now,
      recordedAt: this.now,
      correlationId,
      seq,
      prev: this.events.at(-1)?.hash ?? FIRST_PREV,
      checksum: checksumOf(canonicalJson(data)),
    }
    const event = { ...header, data, position: seq, hash: hashOf(header) }
    this.events.push(event)
    this.state = evolveLane(this.state, event)
    return event
  }
}
