import { DaybookError, type JsonValue } from '@daybook/errors'
import {
  claimedBy,
  decideInbound,
  emptyLane,
  evolveLane,
  evolveMessage,
  type InboundCommand,
  type InboundLimits,
  type InboundMessage,
  inboundLimitsOf,
  type LaneState,
  laneOf,
  messageKeyOf,
  payloadHashOf,
  replyClaimedBy,
} from '@daybook/events'
import { type Body, type Decided, ScriptedServer } from './scripted-server.ts'

type Circumstance = 'now' | 'limits' | 'chance'
type Wish = InboundCommand extends infer One ? (One extends unknown ? Omit<One, Circumstance> : never) : never

/** A server that speaks the HTTP of inbound messages and decides by the rules of the domain. */
export class InboundServer extends ScriptedServer {
  readonly limits: InboundLimits
  readonly #lanes = new Map<string, LaneState>()
  readonly #messages = new Map<string, InboundMessage>()

  constructor(limits: Partial<InboundLimits> = {}) {
    super()
    this.limits = inboundLimitsOf(limits)
  }

  receive(conversation: string, messageId: string, payload: JsonValue = { text: messageId }): string {
    const identity = { source: 'telegram', account: 'support', conversation, messageId }
    const key = messageKeyOf(identity)
    const data = { key, ...identity, payload, payloadHash: payloadHashOf(payload) }
    this.#append(laneOf(identity), { type: 'INBOUND_RECEIVED', data, correlationId: key })
    return key
  }

  message(key: string): InboundMessage {
    const message = this.#messages.get(key)
    if (message === undefined) throw new DaybookError('not-found', `There is no message ${key}.`)
    return message
  }

  /** Ends the lease of a message, as its time does, so that it is due again. */
  takeOver(key: string): void {
    const { source, account, conversation, lease } = this.message(key)
    const error = { class: 'lease-expired', message: 'It took too long.', retryable: true }
    const data = { key, token: lease?.token ?? 1, attempt: 1, error, retryAfterMs: 0 }
    const lane = laneOf({ source, account, conversation })
    this.#append(lane, { type: 'INBOUND_FAILED', data, correlationId: key })
  }

  /** Without what was received. */
  override get story(): string[] {
    return super.story.filter((type) => type !== 'INBOUND_RECEIVED')
  }

  #append(stream: string, decided: Decided): void {
    const event = this.journal(stream, decided)
    const { correlationId } = decided
    this.#lanes.set(stream, evolveLane(this.#lanes.get(stream) ?? emptyLane, event))
    const message = evolveMessage(this.#messages.get(correlationId), event)
    if (message !== undefined) this.#messages.set(correlationId, message)
  }

  #do(lane: string, wish: Wish): LaneState {
    const command = { ...wish, now: this.now, limits: this.limits, chance: 0.5 }
    const decided = decideInbound(this.#lanes.get(lane) ?? emptyLane, command)
    for (const decision of decided) this.#append(lane, decision)
    return this.#lanes.get(lane) ?? emptyLane
  }

  protected override async answer(
    path: readonly string[],
    body: Body,
    isGone: () => boolean,
  ): Promise<object> {
    const [first = '', key = '', action = '', reply, replyAction] = path
    if (first === 'claim') return { messages: await this.waitFor(() => this.#claim(body), isGone) }
    if (first === 'replies') return { replies: await this.waitFor(() => this.#claimReply(body), isGone) }
    if (replyAction !== undefined) return this.#actOnReply({ key, reply: Number(reply) }, replyAction, body)
    return this.#act(key, action, body)
  }

  #claim({ limit = 1, ...claim }: Body) {
    const found: object[] = []
    for (const lane of this.#lanes.keys()) {
      if (found.length >= limit) break
      const wish = { ...claim, name: 'claim' } as const
      const message = claimedBy(this.#do(lane, wish), this.#circumstanced(wish))
      if (message?.lease === undefined) continue
      const { payload = null, lease, attempts: attempt, conflicts, requeues, receivedAt } = message
      const { source, account, conversation, messageId, key } = message
      const about = { key, lane, source, account, conversation, messageId }
      const of = { payload, receivedAt, attempt, conflicts, requeues }
      found.push({ ...about, ...of, ...this.#leaseOf(lease, claim.leaseMs ?? this.limits.leaseMs) })
    }
    return found
  }

  #claimReply(claim: Body) {
    for (const lane of this.#lanes.keys()) {
      const wish = { ...claim, name: 'claim-reply' } as const
      const found = replyClaimedBy(this.#do(lane, wish), this.#circumstanced(wish))
      if (found?.reply.lease === undefined) continue
      const { key, source, account, conversation, messageId } = found.message
      const { reply, payload = null, idempotencyKey, attempts: attempt, mayBeDuplicate, lease } = found.reply
      const about = { key, reply, lane, source, account, conversation, messageId }
      const of = { payload, idempotencyKey, attempt, mayBeDuplicate }
      return [{ ...about, ...of, ...this.#leaseOf(lease, this.limits.replyLeaseMs) }]
    }
    return []
  }

  #circumstanced<W extends Wish>(wish: W) {
    return { ...wish, now: this.now, limits: this.limits, chance: 0.5 }
  }

  #leaseOf({ token, until }: { token: number; until: string }, leaseMs: number) {
    return { token, leaseUntil: until, leaseMs }
  }

  #act(key: string, action: string, body: Body): object {
    const { source, account, conversation, completedToken } = this.message(key)
    const lane = laneOf({ source, account, conversation })
    const leaseMs = body.leaseMs ?? this.limits.leaseMs
    const isRepeated = action === 'complete' && completedToken === body.token
    if (!isRepeated) this.#do(lane, wishOf(action, { delayMs: 0, ...body, key, leaseMs }))
    const { state, lease, nextAttemptAt } = this.message(key)
    if (action === 'extend' && lease !== undefined) return { key, ...this.#leaseOf(lease, leaseMs) }
    return { key, state, ...(state === 'pending' && { nextAttemptAt }) }
  }

  #actOnReply(of: { key: string; reply: number }, action: string, body: Body): object {
    const { source, account, conversation } = this.message(of.key)
    const lane = laneOf({ source, account, conversation })
    const leaseMs = body.leaseMs ?? this.limits.replyLeaseMs
    const isUnknown = body.outcome === 'unknown'
    this.#do(lane, wishOf(`${action}-reply`, { delayMs: 0, ...body, ...of, leaseMs, isUnknown }))
    const { state: messageState, replies } = this.message(of.key)
    const { state, lease } = replies[of.reply - 1] ?? {}
    if (action === 'extend' && lease !== undefined) return { ...of, ...this.#leaseOf(lease, leaseMs) }
    return { ...of, state, messageState }
  }
}

function wishOf(action: string, members: object): Wish {
  const name = action === 'sent-reply' ? 'reply-sent' : action
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the client sends is what is tested
  return { ...members, name } as Wish
}
