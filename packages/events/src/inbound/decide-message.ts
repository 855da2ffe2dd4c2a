import type { JsonValue } from '@daybook/errors'
import type { CommandOf, QueuedReply } from './command.ts'
import { dead, isWornOut } from './decide-claim.ts'
import type { InboundDecision } from './decision.ts'
import type { LaneState } from './lane-state.ts'
import { holdsLease, type InboundMessage, type Lease } from './message.ts'
import { leaseLost, notAllowed, unknownMessage } from './refuse.ts'
import { retryAfterMsOf } from './retry.ts'

type LeaseCommand = CommandOf<'extend' | 'complete' | 'fail' | 'release'>

/** What the holder of a lease tells. Codes: `lease-lost`. */
export function decideUnderLease(state: LaneState, command: LeaseCommand): InboundDecision[] {
  const message = state.messages.get(command.key)
  const { lease } = message ?? {}
  if (message === undefined || !holdsLease(lease, command.token))
    throw leaseLost(command.key, command.token, message?.state ?? 'finished')
  switch (command.name) {
    case 'extend':
      return [extended(message, lease, command.leaseMs)]
    case 'complete':
      return completed(message, command)
    case 'fail':
      return failed(message, lease, command)
    case 'release':
      return [released(message, lease, command)]
    default:
      return command satisfies never
  }
}

function extended({ key }: InboundMessage, { token }: Lease, leaseMs: number): InboundDecision {
  return { type: 'INBOUND_EXTENDED', data: { key, token, leaseMs }, correlationId: key }
}

/**
 * The work and the replies it wants are told at once: there is no moment at which only one of them is known. By the token that
 * was shown, whoever did not get the answer is recognised.
 */
function completed(
  { key }: InboundMessage,
  { token, result, replies = [] }: CommandOf<'complete'>,
): InboundDecision[] {
  const data = { key, token, ...resultOf(result), replies: replies.length }
  return [
    { type: 'INBOUND_COMPLETED', data, correlationId: key },
    ...replies.map((reply, index) => queued(key, index + 1, reply)),
  ]
}

function resultOf(result: JsonValue | undefined): { result?: JsonValue } {
  return result === undefined ? {} : { result }
}

function queued(
  key: string,
  reply: number,
  { payload, idempotencyKey = `${key}-${reply}` }: QueuedReply,
): InboundDecision {
  return { type: 'OUTBOUND_QUEUED', data: { key, reply, payload, idempotencyKey }, correlationId: key }
}

function failed(message: InboundMessage, { token }: Lease, command: CommandOf<'fail'>): InboundDecision[] {
  const { key, attempts } = message
  const { error, limits } = command
  const attempt = Math.max(1, attempts)
  const death = !error.retryable ? 'not-retryable' : isWornOut(message, command) ? 'attempts' : undefined
  const retryAfterMs = death === undefined ? retryAfterMsOf(limits, attempt, command) : 0
  const data = { key, token, attempt, error, retryAfterMs }
  const told: InboundDecision = { type: 'INBOUND_FAILED', data, correlationId: key }
  return death === undefined ? [told] : [told, dead(message, death)]
}

function released(
  { key }: InboundMessage,
  { token }: Lease,
  { reason, delayMs }: CommandOf<'release'>,
): InboundDecision {
  return { type: 'INBOUND_RELEASED', data: { key, token, reason, delayMs }, correlationId: key }
}

/** Where replies could not be sent, they are what is tried again: the work is done, and would be done twice otherwise. */
export function decideRequeue(state: LaneState, { key, reason }: CommandOf<'requeue'>): InboundDecision[] {
  const message = knownMessage(state, key)
  if (message.state !== 'dead') {
    // Whoever did not get the answer asks again.
    if (message.requeues > 0 && message.state !== 'claimed') return []
    throw notAllowed(message, 'only a dead message can be requeued')
  }
  if (message.payload === undefined) throw notAllowed(message, 'its payload was erased')
  if (message.death?.reason !== 'reply-dead')
    return [{ type: 'INBOUND_REQUEUED', data: { key, reason }, correlationId: key }]
  return message.replies
    .filter((reply) => reply.state === 'dead')
    .map(({ reply }) => ({ type: 'OUTBOUND_REQUEUED', data: { key, reply, reason }, correlationId: key }))
}

/** Nobody may be at work on it. */
export function decideDismiss(state: LaneState, { key, reason }: CommandOf<'dismiss'>): InboundDecision[] {
  const message = knownMessage(state, key)
  if (message.state !== 'dead' && message.state !== 'pending')
    throw notAllowed(message, 'only a dead or a pending message can be dismissed')
  return [{ type: 'INBOUND_DISMISSED', data: { key, reason }, correlationId: key }]
}

/** Only what nobody has begun gives way; what became of it since is no fault. */
export function decideEvict(state: LaneState, { key }: CommandOf<'evict'>): InboundDecision[] {
  const message = state.messages.get(key)
  return message?.state === 'pending' ? [dead(message, 'evicted')] : []
}

function knownMessage(state: LaneState, key: string): InboundMessage {
  const message = state.messages.get(key)
  if (message === undefined) throw unknownMessage(key)
  return message
}
