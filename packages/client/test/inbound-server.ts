import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { DaybookError, type JsonObject, type JsonValue, toProblem } from '@daybook/errors'
import {
  claimedBy,
  createUlids,
  decideInbound,
  emptyLane,
  evolveLane,
  evolveMessage,
  type InboundCommand,
  type InboundLimits,
  type InboundMessage,
  inboundLimitsOf,
  type JournalEvent,
  type LaneState,
  laneOf,
  messageKeyOf,
  payloadHashOf,
  replyClaimedBy,
} from '@daybook/events'
import { waitFor } from '@daybook/testing'

const nextId = createUlids()
const POLL_MS = 5

type Circumstance = 'now' | 'limits' | 'chance'
type Wish = InboundCommand extends infer One ? (One extends unknown ? Omit<One, Circumstance> : never) : never

/** What a request may say. */
interface Body {
  readonly worker: string
  readonly claimId: string
  readonly limit?: number
  readonly token: number
  readonly leaseMs?: number
  readonly delayMs?: number
  readonly outcome?: string
}

/** What happens to the next request whose path contains a text, after it had its effect. */
type Fault = { readonly path: string } & (
  | { readonly kind: 'lose' }
  | { readonly kind: 'hold'; readonly until: Promise<void> }
  | { readonly kind: 'refuse'; readonly code: 'unavailable' | 'forbidden' | 'payload-too-large' }
)

/**
 * A server that speaks the HTTP of inbound messages and decides by the rules of the domain, with its journal in memory. Its
 * requests can be lost, held back and refused, which a real one cannot be asked to do. Its clock is not the one of Date.
 */
export class InboundServer implements AsyncDisposable {
  readonly limits: InboundLimits
  readonly events: JournalEvent[] = []
  readonly requests: string[] = []
  readonly faults: Fault[] = []
  /** Whether a claim waits for work, as it should. */
  waits = true
  readonly #lanes = new Map<string, LaneState>()
  readonly #messages = new Map<string, InboundMessage>()
  readonly #startMs = Date.UTC(2026, 10, 21) - performance.now()
  readonly #server = createServer((request, response) => {
    void this.#serve(request, response)
  })
  #port = 0

  constructor(limits: Partial<InboundLimits> = {}) {
    this.limits = inboundLimitsOf(limits)
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve))
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP server has an address and a port
    this.#port = (this.#server.address() as AddressInfo).port
    return this
  }

  /** Away, until it listens again. */
  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
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

  /** The types of what happened, without what was received. */
  get story(): string[] {
    return this.events.map(({ type }) => type).filter((type) => type !== 'INBOUND_RECEIVED')
  }

  /** How often this happened. */
  count(type: string): number {
    return this.story.filter((one) => one === type).length
  }

  /** Waits until this happened so often. */
  async until(type: string, times: number): Promise<void> {
    await waitFor(() => this.count(type) >= times, { what: `${type} (${times})` })
  }

  /** How many requests there were whose path contains this. */
  asked(path: string): number {
    return this.requests.filter((one) => one.includes(path)).length
  }

  get #now(): string {
    return new Date(this.#startMs + performance.now()).toISOString()
  }

  #append(
    stream: string,
    { type, data, correlationId }: { type: string; data: JsonObject; correlationId: string },
  ): void {
    const seq = this.events.filter((event) => event.stream === stream).length + 1
    const [occurredAt, recordedAt, hash] = [this.#now, this.#now, '0'.repeat(64)]
    const actor = { kind: 'agent', id: 'bot' } as const
    const event: JournalEvent = {
      id: nextId(),
      tenant: 'main',
      stream,
      v: 1,
      type,
      data,
      correlationId,
      actor,
      seq,
      occurredAt,
      recordedAt,
      position: this.events.length + 1,
      prev: hash,
      checksum: hash,
      hash,
    }
    this.events.push(event)
    this.#lanes.set(stream, evolveLane(this.#lanes.get(stream) ?? emptyLane, event))
    const message = evolveMessage(this.#messages.get(correlationId), event)
    if (message !== undefined) this.#messages.set(correlationId, message)
  }

  #do(lane: string, wish: Wish): LaneState {
    const command = { ...wish, now: this.#now, limits: this.limits, chance: 0.5 }
    const decided = decideInbound(this.#lanes.get(lane) ?? emptyLane, command)
    for (const decision of decided) this.#append(lane, decision)
    return this.#lanes.get(lane) ?? emptyLane
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '', this.url)
    this.requests.push(pathname)
    const fault = this.#faultOf(pathname)
    const answer = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    try {
      if (fault?.kind === 'refuse') throw new DaybookError(fault.code, 'The test says so.')
      const body: Body = JSON.parse(Buffer.concat(await request.toArray()).toString())
      const waitMs = Number.parseInt(searchParams.get('wait') ?? '0', 10)
      const until = performance.now() + waitMs
      const isGone = (): boolean => !this.waits || performance.now() >= until || response.destroyed
      const done = await this.#answer(pathname.split('/').slice(3), body, isGone)
      if (fault?.kind === 'hold') await fault.until
      if (fault?.kind === 'lose') response.destroy()
      else answer(200, done)
    } catch (error) {
      answer(error instanceof DaybookError && error.retry === 'later' ? 503 : 409, toProblem(error))
    }
  }

  #faultOf(path: string): Fault | undefined {
    const index = this.faults.findIndex((fault) => path.includes(fault.path))
    return index < 0 ? undefined : this.faults.splice(index, 1)[0]
  }

  async #answer(path: readonly string[], body: Body, isGone: () => boolean): Promise<object> {
    const [first = '', key = '', action = '', reply, replyAction] = path
    if (first === 'claim') return { messages: await this.#waitFor(() => this.#claim(body), isGone) }
    if (first === 'replies') return { replies: await this.#waitFor(() => this.#claimReply(body), isGone) }
    if (replyAction !== undefined) return this.#actOnReply({ key, reply: Number(reply) }, replyAction, body)
    return this.#act(key, action, body)
  }

  async #waitFor(look: () => object[], isGone: () => boolean): Promise<object[]> {
    for (;;) {
      const found = look()
      if (found.length > 0 || isGone()) return found
      await pause(POLL_MS)
    }
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
    return { ...wish, now: this.#now, limits: this.limits, chance: 0.5 }
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
