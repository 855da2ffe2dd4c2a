import type { JsonObject } from '@daybook/errors'
import type { JournalEvent } from '../envelope.ts'
import { members, texts } from '../run/read.ts'
import { blankErased, inboundErasureOf } from './blank-erased.ts'
import { evolveReply } from './evolve-reply.ts'
import { placeOfLane } from './lane.ts'
import { extended, failedAttempt, granted, later, numberOf } from './lease.ts'
import type { InboundMessage } from './message.ts'
import { inboundPayloadsErased } from './message-events.ts'

/** A person can read this many; what came before them is in the journal. */
const FAILURES_KEPT = 20
const CONFLICTS_KEPT = 5

/** The message that an event is about; undefined for an event about the whole conversation, or of another kind. */
export function messageKeyOfEvent({ stream, type, correlationId }: JournalEvent): string | undefined {
  return stream.startsWith('inbound/') && type !== inboundPayloadsErased.type ? correlationId : undefined
}

/**
 * The message after an event. Pure and total. Events of other messages change nothing, but for erasures, which are about the
 * whole conversation. An event whose payload was erased counts by its type.
 */
export function evolveMessage(
  before: InboundMessage | undefined,
  event: JournalEvent,
): InboundMessage | undefined {
  const notice = inboundErasureOf(event)
  if (notice !== undefined) return before && blankErased(before, notice.isErased)
  const key = messageKeyOfEvent(event)
  if (key === undefined || (before !== undefined && before.key !== key)) return before
  const message = { ...(before ?? received(key, event)), updatedAt: event.recordedAt, lastSeq: event.seq }
  if (event.type.startsWith('OUTBOUND_')) return evolveReply(message, event)
  return apply(message, event)
}

/** Each that is not named here repeats what is known, or is of a later version of Daybook. */
function apply(message: InboundMessage, event: JournalEvent): InboundMessage {
  const { data, recordedAt: at } = event
  switch (event.type) {
    case 'INBOUND_DUPLICATED':
      return { ...message, duplicates: message.duplicates + 1 }
    case 'INBOUND_CONFLICTED':
      return withConflict(message, event)
    case 'INBOUND_CLAIMED':
      return {
        ...message,
        state: 'claimed',
        attempts: message.attempts + 1,
        lease: granted(event),
      }
    case 'INBOUND_EXTENDED':
      return message.lease === undefined ? message : { ...message, lease: extended(message.lease, event) }
    case 'INBOUND_COMPLETED':
      return complete(message, event)
    case 'INBOUND_FAILED':
      return {
        ...due(message, later(at, numberOf(data, 'retryAfterMs'))),
        failures: [...message.failures, failedAttempt(message, event)].slice(-FAILURES_KEPT),
      }
    case 'INBOUND_RELEASED':
      return {
        ...due(message, later(at, numberOf(data, 'delayMs'))),
        attempts: Math.max(0, message.attempts - 1),
      }
    default:
      return end(message, event)
  }
}

function end(message: InboundMessage, event: JournalEvent): InboundMessage {
  const { data, recordedAt: at } = event
  const { lease: _lease, ...rest } = message
  switch (event.type) {
    case 'INBOUND_DEAD':
      return { ...rest, state: 'dead', death: { reason: deathOf(data), at } }
    case 'INBOUND_REQUEUED': {
      const { death: _death, ...alive } = rest
      const again = { attempts: 0, order: event.seq, requeues: message.requeues + 1 }
      return { ...due(alive, at), ...again }
    }
    case 'INBOUND_DISMISSED':
      return { ...rest, state: 'dismissed', dismissal: { ...texts(data, ['reason']), at, seq: event.seq } }
    default:
      return message
  }
}

/** Of whatever is known of a message when the first event of it comes, be it erased or an unforeseen one. */
function received(key: string, event: JournalEvent): InboundMessage {
  const { data, seq, recordedAt } = event
  const { source = '', account = '' } = placeOfLane(event.stream) ?? {}
  const {
    conversation = '',
    messageId = '',
    payloadHash = '',
    ...sent
  } = texts(data, ['conversation', 'messageId', 'payloadHash', 'eventTime'])
  return {
    key,
    source,
    account,
    conversation,
    messageId,
    ...sent,
    ...members(data, ['payload']),
    payloadHash,
    state: 'pending',
    order: seq,
    receivedSeq: seq,
    receivedAt: recordedAt,
    attempts: 0,
    nextAttemptAt: recordedAt,
    failures: [],
    duplicates: 0,
    conflicts: [],
    conflictsTotal: 0,
    requeues: 0,
    replies: [],
    updatedAt: recordedAt,
    lastSeq: seq,
  }
}

function withConflict(message: InboundMessage, event: JournalEvent): InboundMessage {
  const { data, seq, recordedAt: at } = event
  const { payloadHash = '', ...sent } = texts(data, ['payloadHash', 'eventTime'])
  const conflict = { seq, at, payloadHash, ...sent, ...members(data, ['payload']) }
  return {
    ...message,
    conflicts: [...message.conflicts, conflict].slice(-CONFLICTS_KEPT),
    conflictsTotal: message.conflictsTotal + 1,
  }
}

function complete(message: InboundMessage, event: JournalEvent): InboundMessage {
  const { lease: _lease, ...rest } = message
  const { data, seq: completedSeq, recordedAt } = event
  const completed = { completedSeq, completedToken: numberOf(data, 'token'), ...members(data, ['result']) }
  if (numberOf(data, 'replies') > 0) return { ...rest, ...completed, state: 'replying' }
  return { ...rest, ...completed, state: 'completed', completedAt: recordedAt }
}

function due({ lease: _lease, ...message }: InboundMessage, nextAttemptAt: string): InboundMessage {
  return { ...message, state: 'pending', nextAttemptAt }
}

const DEATHS = ['attempts', 'not-retryable', 'stale', 'evicted', 'reply-dead', 'erased'] as const

/** What is not said any more was erased. */
function deathOf(data: JsonObject): (typeof DEATHS)[number] {
  return DEATHS.find((reason) => reason === data['reason']) ?? 'erased'
}
