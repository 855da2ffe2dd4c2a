import { type FoldBounds, type JournalReader, streamEvents } from '@daybook/eventing'
import {
  evolveMessage,
  type InboundMessage,
  inboundErasureOf,
  type JournalEvent,
  messageKeyOfEvent,
  payloadHashOf,
} from '@daybook/events'

/** A message as its events make it. */
export interface FreshMessage {
  /** Without its payload: a conversation may have any number of messages. */
  message: InboundMessage
  /** SHA-256 of the payload's canonical JSON; undefined where there is none. */
  payload: string | undefined
  /** Of its events. */
  seqs: number[]
}

/** A conversation as its events make it. */
export interface FreshLane {
  messages: Map<string, FreshMessage>
  seq: number
  lastEventId: string
  events: number
  /** Whether the payload of this event is gone, or is told to go. */
  isErased: (seq: number) => boolean
}

/** By the same step as the read model, event by event. */
export async function foldLaneAfresh(
  journal: JournalReader,
  { lane, ...bounds }: FoldBounds & { lane: string },
): Promise<FreshLane> {
  const messages = new Map<string, FreshMessage>()
  const gone = new Set<number>()
  const told: ((seq: number) => boolean)[] = []
  const isErased = (seq: number) => gone.has(seq) || told.some((isTold) => isTold(seq))
  const fold: FreshLane = { messages, seq: 0, lastEventId: '', events: 0, isErased }
  for await (const event of streamEvents(journal, { ...bounds, stream: lane })) {
    const notice = inboundErasureOf(event)
    if (notice !== undefined) told.push(notice.isErased)
    if (event.erased !== undefined) gone.add(event.seq)
    evolve(messages, event)
    fold.seq = event.seq
    fold.lastEventId = event.id
    fold.events += 1
  }
  return fold
}

function evolve(messages: Map<string, FreshMessage>, event: JournalEvent): void {
  const key = messageKeyOfEvent(event)
  if (key === undefined) return
  const before = messages.get(key)
  const after = evolveMessage(before?.message, event)
  if (after === undefined) return
  const { payload, ...message } = after
  const hash = payload === undefined ? before?.payload : payloadHashOf(payload)
  const seqs = before?.seqs ?? []
  seqs.push(event.seq)
  messages.set(key, { message, payload: hash, seqs })
}
