import type { CommandOf } from './command.ts'
import type { InboundDecision } from './decision.ts'
import { headOf, type LaneState } from './lane-state.ts'
import { later } from './lease.ts'
import type { InboundMessage, Lease } from './message.ts'

type Claim = CommandOf<'claim'>
type Moment = Pick<Claim, 'now' | 'limits' | 'chance'>

/** A long backlog can go stale at once; an append takes 1,000 events, and the rest is settled with the next command. */
const SETTLED_AT_ONCE = 400

/**
 * Gives the first message of the conversation to the claimant, if it is due and nobody has it. What ran out of time before
 * it is settled with it.
 */
export function decideClaim(state: LaneState, command: Claim): InboundDecision[] {
  const { decided, head } = settleExpired(state, command)
  if (head === undefined || head.state === 'claimed' || head.nextAttemptAt > command.now) return decided
  if (command.key !== undefined && command.key !== head.key) return decided
  return [...decided, claimed(head, command)]
}

/** Whether the claimant has the lease already, and asks only since it did not get the answer. */
export function isHeldBy(
  lease: Lease | undefined,
  { claimId, worker, now }: Pick<Claim, 'claimId' | 'worker' | 'now'>,
): boolean {
  return lease?.claimId === claimId && lease.worker === worker && !isOver(lease, now)
}

/** Settles what has run out of time, so that nobody has to ask for it. */
export function decideExpire(state: LaneState, command: Moment): InboundDecision[] {
  return settleExpired(state, command).decided
}

/** Each turn of the loop decides about one message; at the end stands the one whose turn it is. */
function settleExpired(
  state: LaneState,
  moment: Moment,
): { decided: InboundDecision[]; head: InboundMessage | undefined } {
  const decided: InboundDecision[] = []
  const messages = new Map(state.messages)
  for (;;) {
    const head = headOf({ ...state, messages })
    if (head === undefined || decided.length > SETTLED_AT_ONCE) return { decided, head: undefined }
    const death = deathOf(head, moment)
    if (head.lease !== undefined && isOver(head.lease, moment.now)) decided.push(expired(head, head.lease))
    if (death === undefined) return { decided, head: withoutExpired(head, moment.now) }
    decided.push(dead(head, death))
    messages.delete(head.key)
  }
}

function deathOf(
  message: InboundMessage,
  { now, limits }: Moment,
): 'attempts' | 'stale' | 'erased' | undefined {
  const { lease } = message
  if (lease !== undefined && !isOver(lease, now)) return undefined
  if (message.payload === undefined) return 'erased'
  if (lease !== undefined && isWornOut(message, { now, limits })) return 'attempts'
  return isStale(message, { now, limits }) ? 'stale' : undefined
}

/** Tried often enough, and old enough: an outage of some minutes must not kill what came in during it. */
export function isWornOut(
  { attempts, receivedAt }: Pick<InboundMessage, 'attempts' | 'receivedAt'>,
  { now, limits }: Pick<Moment, 'now' | 'limits'>,
): boolean {
  return attempts >= limits.maxAttempts && later(receivedAt, limits.minDeadAgeMs) <= now
}

/** By the time at which it was sent, which an outage on the way does not make younger. A person's wish is never stale. */
function isStale(
  { eventTime, receivedAt, requeues }: InboundMessage,
  { now, limits }: Pick<Moment, 'now' | 'limits'>,
): boolean {
  if (limits.staleness === 'process' || limits.maxAgeMs === undefined || requeues > 0) return false
  return later(eventTime ?? receivedAt, limits.maxAgeMs) < now
}

export function isOver({ until }: Lease, now: string): boolean {
  return until <= now
}

function withoutExpired(message: InboundMessage, now: string): InboundMessage {
  const { lease, ...rest } = message
  return lease !== undefined && isOver(lease, now)
    ? { ...rest, state: 'pending', nextAttemptAt: now }
    : message
}

function expired({ key, attempts }: InboundMessage, { token, worker }: Lease): InboundDecision {
  const message = `The worker ${worker} neither finished nor extended its lease in time.`
  const error = { class: 'lease-expired', message, retryable: true }
  const data = { key, token, attempt: Math.max(1, attempts), error, retryAfterMs: 0 }
  return { type: 'INBOUND_FAILED', data, correlationId: key }
}

export function dead(
  { key }: InboundMessage,
  reason: Extract<InboundDecision, { type: 'INBOUND_DEAD' }>['data']['reason'],
): InboundDecision {
  return { type: 'INBOUND_DEAD', data: { key, reason }, correlationId: key }
}

function claimed({ key, attempts }: InboundMessage, command: Claim): InboundDecision {
  const { worker, claimId, limits, leaseMs = limits.leaseMs } = command
  const data = { key, worker, claimId, leaseMs, attempt: attempts + 1 }
  return { type: 'INBOUND_CLAIMED', data, correlationId: key }
}
