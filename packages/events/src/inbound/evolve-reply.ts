import type { JournalEvent } from '../envelope.ts'
import { members, texts } from '../run/read.ts'
import { extended, failedAttempt, granted, later, numberOf } from './lease.ts'
import type { InboundMessage, InboundReply } from './message.ts'

/** As many as a message keeps. */
const FAILURES_KEPT = 20

/** The message after an event about one of its replies. What an erased event was about is not known: it changes nothing. */
export function evolveReply(message: InboundMessage, event: JournalEvent): InboundMessage {
  const number = numberOf(event.data, 'reply')
  if (event.type === 'OUTBOUND_QUEUED' && number > 0)
    return { ...message, replies: [...message.replies, queued(number, event)] }
  const replies = message.replies.map((reply) => (reply.reply === number ? apply(reply, event) : reply))
  return settled({ ...message, replies }, event)
}

/** A message is finished with the last of its replies. */
function settled(message: InboundMessage, event: JournalEvent): InboundMessage {
  const { replies, state } = message
  if (event.type === 'OUTBOUND_REQUEUED' && state === 'dead') {
    const { death: _death, ...alive } = message
    return { ...alive, state: 'replying', requeues: message.requeues + 1 }
  }
  const isDone = replies.every((reply) => reply.state === 'sent' || reply.state === 'ambiguous')
  if (state !== 'replying' || !isDone) return message
  return { ...message, state: 'completed', completedAt: event.recordedAt }
}

function queued(reply: number, { data, seq, recordedAt }: JournalEvent): InboundReply {
  const { idempotencyKey = '' } = texts(data, ['idempotencyKey'])
  return {
    reply,
    state: 'pending',
    order: seq,
    queuedSeq: seq,
    queuedAt: recordedAt,
    ...members(data, ['payload']),
    idempotencyKey,
    attempts: 0,
    mayBeDuplicate: false,
    nextAttemptAt: recordedAt,
    failures: [],
  }
}

function apply(reply: InboundReply, event: JournalEvent): InboundReply {
  const { data, recordedAt: at } = event
  switch (event.type) {
    case 'OUTBOUND_CLAIMED':
      return { ...reply, state: 'claimed', attempts: reply.attempts + 1, lease: granted(event) }
    case 'OUTBOUND_EXTENDED':
      return reply.lease === undefined ? reply : { ...reply, lease: extended(reply.lease, event) }
    case 'OUTBOUND_FAILED':
      return {
        ...due(reply, later(at, numberOf(data, 'retryAfterMs'))),
        failures: [...reply.failures, failedAttempt(reply, event)].slice(-FAILURES_KEPT),
      }
    case 'OUTBOUND_RELEASED':
      return {
        ...due(reply, later(at, numberOf(data, 'delayMs'))),
        attempts: Math.max(0, reply.attempts - 1),
      }
    case 'OUTBOUND_REQUEUED':
      return { ...due(reply, at), attempts: 0 }
    default:
      return settle(reply, event)
  }
}

function settle(reply: InboundReply, event: JournalEvent): InboundReply {
  const { data, recordedAt: settledAt, seq: settledSeq } = event
  const { lease: _lease, ...rest } = reply
  switch (event.type) {
    case 'OUTBOUND_SENT':
      return { ...rest, state: 'sent', settledAt, settledSeq, ...members(data, ['receipt']) }
    case 'OUTBOUND_AMBIGUOUS':
      return data['resend'] === true
        ? { ...due(rest, settledAt), mayBeDuplicate: true }
        : {
            ...rest,
            state: 'ambiguous',
            settledAt,
            settledSeq,
            mayBeDuplicate: true,
            ...texts(data, ['reason']),
          }
    case 'OUTBOUND_DEAD':
      return { ...rest, state: 'dead', settledAt, settledSeq, ...texts(data, ['reason']) }
    default:
      return reply
  }
}

function due(
  { lease: _lease, settledAt: _at, settledSeq: _seq, reason: _reason, ...reply }: InboundReply,
  nextAttemptAt: string,
): InboundReply {
  return { ...reply, state: 'pending', nextAttemptAt }
}
