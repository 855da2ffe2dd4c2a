import { headOf, type InboundMessage, type InboundReply, replyHeadOf } from '@daybook/events'
import type { ChangedLane } from './commands.ts'
import type { DueHead } from './due-heads.ts'

/**
 * Whose turn it is in a conversation after this instance has changed it, without a look at the read model, which hears of it
 * later. Undefined where that is beyond what is known of a long backlog.
 */
export function ownHeads(changed: ChangedLane): DueHead[] | undefined {
  const { state } = changed
  if (state === undefined) return undefined
  const [message, reply] = [headOf(state), replyHeadOf(state)]
  if (message === undefined && state.knownUpTo !== undefined) return undefined
  if (reply === undefined && state.repliesKnownUpTo !== undefined) return undefined
  return [
    ...(message === undefined ? [] : [headFor(changed, message, message, null)]),
    ...(reply === undefined ? [] : [headFor(changed, reply.message, reply.reply, reply.reply.reply)]),
  ]
}

/** What waits or is leased: a message, or a reply to one. */
type Turn = Pick<InboundMessage | InboundReply, 'lease' | 'nextAttemptAt' | 'attempts'>

function headFor(
  { tenant, lane, seq }: ChangedLane,
  message: InboundMessage,
  { lease, nextAttemptAt, attempts }: Turn,
  reply: number | null,
): DueHead {
  const { key, source, account, conversation, messageId, eventTime, receivedAt } = message
  return {
    tenant,
    work: reply === null ? 'messages' : 'replies',
    lane,
    seq,
    key,
    dueAt: lease?.until ?? nextAttemptAt,
    source,
    account,
    conversation,
    messageId,
    sentAt: eventTime ?? receivedAt,
    reply,
    state: lease === undefined ? 'pending' : 'claimed',
    attempts,
  }
}
