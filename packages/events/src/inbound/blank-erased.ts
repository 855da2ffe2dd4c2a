import type { JournalEvent } from '../envelope.ts'
import { type ErasureNotice, readNotice } from '../erasure/notice.ts'
import type { FailedAttempt, InboundMessage, InboundReply } from './message.ts'
import { inboundPayloadsErased } from './message-events.ts'

/** What an `INBOUND_PAYLOADS_ERASED` says; undefined for any other event. */
export function inboundErasureOf(event: JournalEvent): ErasureNotice | undefined {
  return readNotice(inboundPayloadsErased.type, event)
}

/**
 * The message without what was erased: texts of people and of programs go, and with them who sent them; what became of it
 * stays, and so does the hash of its body, by which a repetition is still told from another body.
 */
export function blankErased(message: InboundMessage, isErased: (seq: number) => boolean): InboundMessage {
  const { result, dismissal, ...rest } = message
  const isResultErased = message.completedSeq !== undefined && isErased(message.completedSeq)
  return {
    ...(isErased(message.receivedSeq) ? withoutBody(rest) : rest),
    ...(result !== undefined && !isResultErased && { result }),
    ...(dismissal !== undefined && {
      dismissal: isErased(dismissal.seq) ? { at: dismissal.at, seq: dismissal.seq } : dismissal,
    }),
    failures: blankFailures(message.failures, isErased),
    conflicts: message.conflicts.map(({ payload, ...conflict }) =>
      payload === undefined || isErased(conflict.seq) ? conflict : { ...conflict, payload },
    ),
    replies: message.replies.map((reply) => blankReply(reply, isErased)),
  }
}

function withoutBody({
  payload: _payload,
  ...message
}: Omit<InboundMessage, 'result' | 'dismissal'>): Omit<InboundMessage, 'result' | 'dismissal'> {
  return { ...message, conversation: '', messageId: '' }
}

function blankReply(
  { payload, receipt, reason, ...reply }: InboundReply,
  isErased: (seq: number) => boolean,
): InboundReply {
  const isSettlementErased = reply.settledSeq !== undefined && isErased(reply.settledSeq)
  return {
    ...reply,
    ...(payload !== undefined && !isErased(reply.queuedSeq) && { payload }),
    ...(receipt !== undefined && !isSettlementErased && { receipt }),
    ...(reason !== undefined && !isSettlementErased && { reason }),
    failures: blankFailures(reply.failures, isErased),
  }
}

function blankFailures(
  failures: readonly FailedAttempt[],
  isErased: (seq: number) => boolean,
): FailedAttempt[] {
  return failures.map(({ error, ...attempt }) =>
    error === undefined || isErased(attempt.seq) ? attempt : { ...attempt, error },
  )
}
