import type { CommandOf, InboundCommand } from './command.ts'
import { decideClaim, decideExpire, isHeldBy } from './decide-claim.ts'
import { decideDismiss, decideEvict, decideRequeue, decideUnderLease } from './decide-message.ts'
import { decideClaimReply, decideExpireReply, decideReplyUnderLease } from './decide-reply.ts'
import type { InboundDecision } from './decision.ts'
import type { LaneState, ReplyOfMessage } from './lane-state.ts'
import type { InboundMessage } from './message.ts'

/**
 * The events that make a command true. None when there is nothing to do: a claim that finds nothing due, or that is repeated.
 * Codes: `lease-lost` for a token that does not hold (any more), `not-found`, `invalid-transition`.
 */
export function decideInbound(state: LaneState, command: InboundCommand): readonly InboundDecision[] {
  switch (command.name) {
    case 'claim':
      return claimedBy(state, command) === undefined ? decideClaim(state, command) : []
    case 'extend':
    case 'complete':
    case 'fail':
    case 'release':
      return decideUnderLease(state, command)
    case 'requeue':
      return decideRequeue(state, command)
    case 'dismiss':
      return decideDismiss(state, command)
    case 'evict':
      return decideEvict(state, command)
    case 'expire':
      return [...decideExpire(state, command), ...decideExpireReply(state, command)]
    case 'claim-reply':
      return replyClaimedBy(state, command) === undefined ? decideClaimReply(state, command) : []
    case 'extend-reply':
    case 'reply-sent':
    case 'fail-reply':
    case 'release-reply':
      return decideReplyUnderLease(state, command)
    default:
      return command satisfies never
  }
}

/** The message that a claim has got, before or just now. */
export function claimedBy(state: LaneState, command: CommandOf<'claim'>): InboundMessage | undefined {
  for (const message of state.messages.values()) if (isHeldBy(message.lease, command)) return message
  return undefined
}

/** The reply that a claim has got, before or just now. */
export function replyClaimedBy(
  state: LaneState,
  command: CommandOf<'claim-reply'>,
): ReplyOfMessage | undefined {
  for (const message of state.messages.values())
    for (const reply of message.replies) if (isHeldBy(reply.lease, command)) return { message, reply }
  return undefined
}
