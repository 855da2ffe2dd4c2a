import type { JournalEvent } from '../envelope.ts'
import { evolveMessage, messageKeyOfEvent } from './evolve.ts'
import { type InboundMessage, type InboundReply, isFinished } from './message.ts'
import { inboundPayloadsErased } from './message-events.ts'

/**
 * What deciding needs to know of a conversation: its messages that are not finished. Of a long backlog it may be the first
 * ones only, and single others that a command names.
 */
export interface LaneState {
  readonly messages: ReadonlyMap<string, InboundMessage>
  /** Every message to be worked on whose `order` is not greater is known; absent: all are. */
  readonly knownUpTo?: number
  /** The same of messages whose replies are not settled: many may wait for those, and nobody's work waits with them. */
  readonly repliesKnownUpTo?: number
}

/** Of a conversation without messages. */
export const emptyLane: LaneState = { messages: new Map() }

/** The conversation after an event. Pure and total. What is finished is let go. */
export function evolveLane(state: LaneState, event: JournalEvent): LaneState {
  const key = messageKeyOfEvent(event)
  if (key === undefined) return withAll(state, event)
  const before = state.messages.get(key)
  // Of a message that is not known something other than its beginning: it is finished, or beyond what is known.
  if (before === undefined && event.type !== 'INBOUND_RECEIVED') return state
  const after = evolveMessage(before, event)
  const messages = new Map(state.messages)
  if (after === undefined || isFinished(after)) messages.delete(key)
  else messages.set(key, after)
  return { ...state, messages }
}

function withAll(state: LaneState, event: JournalEvent): LaneState {
  if (event.type !== inboundPayloadsErased.type) return state
  const messages = new Map<string, InboundMessage>()
  for (const [key, message] of state.messages) messages.set(key, evolveMessage(message, event) ?? message)
  return { ...state, messages }
}

/** Whose turn it is: the first of the messages to be worked on. Undefined if there is none, or none that is known. */
export function headOf(state: LaneState): InboundMessage | undefined {
  let head: InboundMessage | undefined
  for (const message of state.messages.values()) {
    const isWaiting = message.state === 'pending' || message.state === 'claimed'
    if (isWaiting && (head === undefined || message.order < head.order)) head = message
  }
  return head !== undefined && isWithin(state.knownUpTo, head.order) ? head : undefined
}

/** A reply with the message that it answers. */
export interface ReplyOfMessage {
  readonly message: InboundMessage
  readonly reply: InboundReply
}

/** The first of the replies to be sent. Undefined if there is none, or none that is known. */
export function replyHeadOf(state: LaneState): ReplyOfMessage | undefined {
  let head: ReplyOfMessage | undefined
  for (const message of state.messages.values()) {
    if (message.state !== 'replying') continue
    for (const reply of message.replies) {
      const isWaiting = reply.state === 'pending' || reply.state === 'claimed'
      if (isWaiting && (head === undefined || reply.order < head.reply.order)) head = { message, reply }
    }
  }
  return head !== undefined && isWithin(state.repliesKnownUpTo, head.message.order) ? head : undefined
}

function isWithin(bound: number | undefined, order: number): boolean {
  return bound === undefined || order <= bound
}
