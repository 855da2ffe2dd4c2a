import { messageStates, replyStates } from '@daybook/events'
import { hasNumbers, hasTexts, isListOf, isRecord } from './answers.ts'
import type { ClaimedMessage, MessageAnswer, ReceiveAnswer } from './inbound-commands.ts'
import type { InboundStats, ReadMessage, ReplayAnswer } from './inbound-oversight.ts'
import type { ClaimedReply, ReplyAnswer } from './inbound-replies.ts'
import { isLease } from './worker-lease.ts'

/** These look, as those of answers.ts do, at the members which a program takes apart. */
const outcomes: ReadonlySet<string> = new Set<ReceiveAnswer['outcome']>([
  'accepted',
  'duplicate-pending',
  'duplicate-in-progress',
  'duplicate-done',
  'conflict',
  'dead',
])

const ofMessages: ReadonlySet<string> = new Set(messageStates)
const ofReplies: ReadonlySet<string> = new Set(replyStates)

export function isReceiveAnswer(value: unknown): value is ReceiveAnswer {
  if (!hasTexts(value, 'key', 'outcome') || !outcomes.has(value.outcome)) return false
  switch (value.outcome) {
    case 'accepted':
      return hasNumbers(value, 'position')
    case 'duplicate-in-progress':
      return hasNumbers(value, 'retryAfterMs')
    case 'conflict':
      return hasTexts(value, 'state')
    case 'dead':
      return hasTexts(value, 'reason')
    default:
      return true
  }
}

function isClaimed(value: unknown): value is ClaimedMessage {
  return (
    isLease(value) &&
    hasTexts(value, 'key', 'lane', 'source', 'account', 'conversation', 'messageId') &&
    hasNumbers(value, 'attempt') &&
    'payload' in value
  )
}

export function isClaims(value: unknown): value is { messages: ClaimedMessage[] } {
  return isRecord(value) && isListOf(value['messages'], isClaimed)
}

function isClaimedReply(value: unknown): value is ClaimedReply {
  return (
    isLease(value) &&
    hasTexts(value, 'key', 'lane', 'source', 'account', 'conversation', 'messageId', 'idempotencyKey') &&
    hasNumbers(value, 'reply', 'attempt') &&
    'payload' in value
  )
}

export function isReplyClaims(value: unknown): value is { replies: ClaimedReply[] } {
  return isRecord(value) && isListOf(value['replies'], isClaimedReply)
}

export function isMessageState(value: unknown): value is MessageAnswer {
  return hasTexts(value, 'key', 'state') && ofMessages.has(value.state)
}

export function isReplyState(value: unknown): value is ReplyAnswer {
  if (!hasTexts(value, 'key', 'state', 'messageState') || !hasNumbers(value, 'reply')) return false
  return ofReplies.has(value.state) && ofMessages.has(value.messageState)
}

export function isReadMessage(value: unknown): value is ReadMessage {
  return (
    isMessageState(value) &&
    hasTexts(value, 'lane', 'source', 'account', 'receivedAt') &&
    hasNumbers(value, 'attempts')
  )
}

export function isReplayAnswer(value: unknown): value is ReplayAnswer {
  return (
    hasNumbers(value, 'total') &&
    isListOf(value['messages'], (message) => hasTexts(message, 'key', 'lane', 'state', 'was'))
  )
}

export function isStats(value: unknown): value is InboundStats {
  return (
    hasTexts(value, 'source', 'account') &&
    hasNumbers(value, 'attempts', 'duplicates', 'conflicts') &&
    isRecord(value['messages']) &&
    isRecord(value['replies'])
  )
}
