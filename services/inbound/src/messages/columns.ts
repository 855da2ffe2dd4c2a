import type { InboundMessage, InboundReply } from '@daybook/events'

/** What of a message its row repeats in columns, so that it is found by them. Instants are ISO 8601; null: there is none. */
export interface MessageColumns {
  readonly dueAt: string | null
  readonly finishedAt: string | null
  readonly replyNumber: number | null
  readonly replyOrder: number | null
  readonly replyDueAt: string | null
}

export function columnsOf(message: InboundMessage): MessageColumns {
  const reply = firstWaitingReply(message)
  return {
    dueAt: dueAtOf(message),
    finishedAt: finishedAtOf(message),
    replyNumber: reply?.reply ?? null,
    replyOrder: reply?.order ?? null,
    replyDueAt: reply === undefined ? null : dueAtOf(reply),
  }
}

/** When something is to happen to it by itself: its next attempt, or the end of its lease. */
function dueAtOf({ state, nextAttemptAt, lease }: InboundMessage | InboundReply): string | null {
  if (state === 'pending') return nextAttemptAt
  return state === 'claimed' ? (lease?.until ?? nextAttemptAt) : null
}

function finishedAtOf({ state, completedAt, dismissal, updatedAt }: InboundMessage): string | null {
  if (state === 'completed') return completedAt ?? updatedAt
  return state === 'dismissed' ? (dismissal?.at ?? updatedAt) : null
}

function firstWaitingReply({ state, replies }: InboundMessage): InboundReply | undefined {
  if (state !== 'replying') return undefined
  let first: InboundReply | undefined
  for (const reply of replies) {
    const isWaiting = reply.state === 'pending' || reply.state === 'claimed'
    if (isWaiting && (first === undefined || reply.order < first.order)) first = reply
  }
  return first
}
