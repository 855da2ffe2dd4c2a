import { evolveMessage, type InboundMessage, type JournalEvent, messageKeyOfEvent } from '@daybook/events'
import { type Changes, changesOf } from './totals.ts'

/** Which message; keys are unique within a tenant. */
export interface MessageKey {
  readonly tenant: string
  readonly key: string
}

/** Which conversation: the name of its stream. */
export interface LaneKey {
  readonly tenant: string
  readonly lane: string
}

/** A message of the read model. One that is stored is without its payload, which may be large and is not needed. */
export interface MessageState extends LaneKey {
  readonly message: InboundMessage
  /** Whether the read model has the payload, be it in `message` or in the table. */
  readonly hasPayload: boolean
}

/** Up to which event a conversation is applied. */
export interface LaneEnd extends LaneKey {
  readonly seq: number
  readonly lastEventId: string
}

/** What is to be written: messages and conversations by name, and by how much the totals change. */
export interface ChangedStates {
  readonly messages: ReadonlyMap<string, MessageState>
  readonly lanes: ReadonlyMap<string, LaneEnd>
  readonly totals: Changes
}

/** The key of a map. No text of an event can hold a NUL, so two keys never make the same name. */
export function nameOf(tenant: string, id: string): string {
  return `${tenant}\u0000${id}`
}

/** The messages that the events are about. */
export function messageKeysOf(events: Iterable<JournalEvent>): Map<string, MessageKey> {
  const keys = new Map<string, MessageKey>()
  for (const event of events) {
    const key = messageKeyOfEvent(event)
    if (key !== undefined) keys.set(nameOf(event.tenant, key), { tenant: event.tenant, key })
  }
  return keys
}

/** What the events make of the messages that were stored. */
export function evolveStates(
  stored: ReadonlyMap<string, MessageState>,
  events: Iterable<JournalEvent>,
): ChangedStates {
  const messages = new Map<string, MessageState>()
  const lanes = new Map<string, LaneEnd>()
  for (const event of events) {
    const { tenant, stream: lane, seq, id: lastEventId } = event
    lanes.set(nameOf(tenant, lane), { tenant, lane, seq, lastEventId })
    const key = messageKeyOfEvent(event)
    if (key === undefined) continue
    const name = nameOf(tenant, key)
    const next = evolveState(messages.get(name) ?? stored.get(name), event)
    if (next !== undefined) messages.set(name, next)
  }
  return { messages, lanes, totals: changesOf(stored, messages) }
}

/** Of a message that is not known anything but its beginning: it was finished so long ago that its row is gone. */
function evolveState(before: MessageState | undefined, event: JournalEvent): MessageState | undefined {
  if (before === undefined && event.type !== 'INBOUND_RECEIVED') return undefined
  const message = evolveMessage(before?.message, event)
  if (message === undefined) return undefined
  const hasPayload = before?.hasPayload ?? message.payload !== undefined
  return { tenant: event.tenant, lane: event.stream, message, hasPayload }
}
