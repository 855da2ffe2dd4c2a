import type { CommandOf } from './command.ts'
import { dead, isOver } from './decide-claim.ts'
import type { InboundDecision } from './decision.ts'
import { type LaneState, type ReplyOfMessage, replyHeadOf } from './lane-state.ts'
import { holdsLease, type Lease } from './message.ts'
import { leaseLost } from './refuse.ts'
import { retryAfterMsOf } from './retry.ts'

type Moment = Pick<CommandOf<'claim-reply'>, 'now' | 'limits' | 'chance'>
type LeaseCommand = CommandOf<'extend-reply' | 'reply-sent' | 'fail-reply' | 'release-reply'>

/**
 * Gives the first reply of the conversation to a sender, if it is due. One whose sender has not reported in time is
 * ambiguous: that is settled first, and by itself, so that the reply after it waits for no more than that.
 */
export function decideClaimReply(state: LaneState, command: CommandOf<'claim-reply'>): InboundDecision[] {
  const head = replyHeadOf(state)
  if (head === undefined) return []
  const { message, reply } = head
  const overdue = decideExpireReply(state, command)
  if (overdue.length > 0) return overdue
  if (reply.state === 'claimed' || reply.nextAttemptAt > command.now) return []
  const { key } = message
  if (reply.payload === undefined) return deadReply(head, 'erased')
  const { worker, claimId, limits, leaseMs = limits.replyLeaseMs } = command
  const data = { key, reply: reply.reply, worker, claimId, leaseMs, attempt: reply.attempts + 1 }
  return [{ type: 'OUTBOUND_CLAIMED', data, correlationId: key }]
}

/** The sender may have died before it sent the reply, or after. */
export function decideExpireReply(state: LaneState, moment: Moment): InboundDecision[] {
  const head = replyHeadOf(state)
  const { lease } = head?.reply ?? {}
  if (head === undefined || lease === undefined || !isOver(lease, moment.now)) return []
  return [ambiguous(head, moment, `The sender ${lease.worker} did not say in time whether it was sent.`)]
}

/** What the sender of a reply tells. Codes: `lease-lost`. */
export function decideReplyUnderLease(state: LaneState, command: LeaseCommand): InboundDecision[] {
  const message = state.messages.get(command.key)
  const reply = message?.replies.find((one) => one.reply === command.reply)
  const { lease } = reply ?? {}
  if (message === undefined || reply === undefined || !holdsLease(lease, command.token))
    throw leaseLost(`${command.key} (reply ${command.reply})`, command.token, reply?.state ?? 'finished')
  const found = { message, reply }
  const about = { key: command.key, reply: command.reply, token: lease.token }
  const { key: correlationId } = command
  switch (command.name) {
    case 'extend-reply':
      return [{ type: 'OUTBOUND_EXTENDED', data: { ...about, leaseMs: command.leaseMs }, correlationId }]
    case 'reply-sent': {
      const { receipt } = command
      const data = { ...about, ...(receipt !== undefined && { receipt }) }
      return [{ type: 'OUTBOUND_SENT', data, correlationId }]
    }
    case 'release-reply': {
      const { reason, delayMs } = command
      return [{ type: 'OUTBOUND_RELEASED', data: { ...about, reason, delayMs }, correlationId }]
    }
    case 'fail-reply':
      return failed(found, lease, command)
    default:
      return command satisfies never
  }
}

function failed(
  found: ReplyOfMessage,
  { token }: Lease,
  command: CommandOf<'fail-reply'>,
): InboundDecision[] {
  const { message, reply } = found
  const { error, limits } = command
  const { key } = message
  const attempt = Math.max(1, reply.attempts)
  if (command.isUnknown) return [ambiguous(found, command, `${error.class}: ${error.message}`)]
  const isDead = !error.retryable || attempt >= limits.maxAttempts
  const retryAfterMs = isDead ? 0 : retryAfterMsOf(limits, attempt, command)
  const data = { key, reply: reply.reply, token, attempt, error, retryAfterMs }
  const told: InboundDecision = { type: 'OUTBOUND_FAILED', data, correlationId: key }
  return isDead ? [told, ...deadReply(found, error.retryable ? 'attempts' : 'not-retryable')] : [told]
}

/** Its message is dead with it: a person has to look, and requeues both at once. */
function deadReply(
  { message, reply: { reply } }: ReplyOfMessage,
  reason: 'attempts' | 'not-retryable' | 'erased',
): InboundDecision[] {
  const { key } = message
  const told: InboundDecision = { type: 'OUTBOUND_DEAD', data: { key, reply, reason }, correlationId: key }
  return [told, dead(message, 'reply-dead')]
}

const REASON_CHARACTERS_MAX = 2_000

/** The one word under which a reply may have been sent and be sent again: it is always on record before. */
function ambiguous(
  { message: { key }, reply }: ReplyOfMessage,
  { limits }: Moment,
  why: string,
): InboundDecision {
  const resend = limits.onAmbiguous === 'resend' && reply.attempts < limits.maxAttempts
  const token = reply.lease?.token ?? 1
  const reason = why.slice(0, REASON_CHARACTERS_MAX)
  const data = { key, reply: reply.reply, token, reason, resend }
  return { type: 'OUTBOUND_AMBIGUOUS', data, correlationId: key }
}
