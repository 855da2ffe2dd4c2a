import type { Decider } from '@daybook/eventing'
import {
  decideInbound,
  emptyLane,
  evolveLane,
  type InboundCommand,
  type JournalEvent,
  type LaneState,
  messageKeyOfEvent,
} from '@daybook/events'

/**
 * How many messages of a backlog are known at once. Far more than are settled before the next look at the read model, and
 * few enough that a conversation with ten thousand costs no more than one with a hundred.
 */
export const WINDOW_MAX = 64

/**
 * The rules of a conversation for one command: they follow the beginning of its backlog and the message that the command
 * names, however much waits behind.
 *
 * W1 What is within the bounds of the state is whole; what may be missing is beyond them. Where an event tells of a message
 *    that is not known, the bound moves before it, so that nothing ever overtakes it.
 * W2 The message that is named is followed from its first event to its last.
 */
export function laneDecider(named: string | undefined): Decider<LaneState, InboundCommand> {
  return {
    initial: emptyLane,
    decide: (state, command) => decideInbound(state, { ...command, now: latest(state, command.now) }),
    evolve: (state, event) => {
      const key = messageKeyOfEvent(event)
      if (key === undefined || key === named) return evolveLane(state, event) // W2
      if (event.type === 'INBOUND_RECEIVED' && isFull(state)) return boundedBefore(state, event)
      if (!state.messages.has(key)) return withUnknown(state, event)
      return withoutDead(evolveLane(state, event), key)
    },
  }
}

/**
 * What is recorded has happened: where the clock of this instance is some milliseconds behind the journal's, a message that has
 * just come is due all the same.
 */
function latest({ messages }: LaneState, now: string): string {
  let last = now
  for (const { updatedAt } of messages.values()) if (updatedAt > last) last = updatedAt
  return last
}

function isFull({ messages, knownUpTo }: LaneState): boolean {
  return knownUpTo !== undefined || messages.size >= 2 * WINDOW_MAX
}

/** W1. The `order` of what is received or requeued is the seq of that event. */
function boundedBefore(state: LaneState, { seq }: JournalEvent): LaneState {
  return { ...state, knownUpTo: Math.min(state.knownUpTo ?? Number.POSITIVE_INFINITY, seq - 1) }
}

/** W1. A dead message is not kept, so one that comes back may be unknown; and one beyond the bounds may go on meanwhile. */
function withUnknown(state: LaneState, event: JournalEvent): LaneState {
  switch (event.type) {
    case 'INBOUND_RECEIVED':
      return evolveLane(state, event)
    case 'INBOUND_REQUEUED':
      return boundedBefore(state, event)
    case 'OUTBOUND_QUEUED':
    case 'OUTBOUND_REQUEUED':
      return { ...state, repliesKnownUpTo: 0 }
    default:
      return state
  }
}

/** Nobody's turn depends on it, and it may stay dead for ever; a command that names it looks it up. */
function withoutDead(state: LaneState, key: string): LaneState {
  if (state.messages.get(key)?.state !== 'dead') return state
  const messages = new Map(state.messages)
  messages.delete(key)
  return { ...state, messages }
}
