import type { Delivery } from '@daybook/bus'
import { type JournalEvent, parseStream, readJournalEvent } from '@daybook/events'
import type { Checkpoint } from './checkpoint.ts'

/** An event as the relay sent it: which one it is, its headers tell; what it is, `read` does. */
export interface RelayedEvent {
  kind: string
  position: number
  /** The position of the event of its kind that came before. */
  previous: number
  era: number
  /** Undefined if it is not the event that the headers tell of. The journal has that anyway, so it is no loss. */
  read: () => JournalEvent | undefined
}

/**
 * What to do with a batch of messages: `apply` the events that are new (none, if all were known), or, if it is not
 * certain that nothing is missing, `read` them from the journal instead.
 */
export type BatchPlan = { step: 'apply'; events: JournalEvent[] } | { step: 'read' }

/** The kind of the event's stream. */
export function kindOf(event: JournalEvent): string {
  return parseStream(event.stream).kind
}

/** The checkpoint after the events, which are in the order of their positions. */
export function checkpointAfter(checkpoint: Checkpoint, events: readonly JournalEvent[]): Checkpoint {
  const positions = new Map(checkpoint.positions)
  for (const event of events) positions.set(kindOf(event), event.position)
  return { era: checkpoint.era, positions }
}

/**
 * Which event a message brings; undefined if it is none of the relay's. Its text is read only when it is wanted: a
 * projection that was behind has read the journal, and then gets all that it has applied once more.
 */
export function readMessage(delivery: Delivery): RelayedEvent | undefined {
  const { headers, subject } = delivery
  const kind = subject.split('.')[KIND_IN_SUBJECT] ?? ''
  const position = Number(headers['Daybook-Position'])
  const previous = Number(headers['Daybook-Prev'])
  const era = Number(headers['Daybook-Era'])
  if (!(previous < position && era > 0)) return undefined
  return { kind, position, previous, era, read: () => readEvent(delivery, { kind, position }) }
}

/** `daybook.events.<tenant>.<kind>.…` */
const KIND_IN_SUBJECT = 3

function readEvent(delivery: Delivery, told: { kind: string; position: number }): JournalEvent | undefined {
  try {
    const event = readJournalEvent(JSON.parse(delivery.text()))
    return event.position === told.position && kindOf(event) === told.kind ? event : undefined
  } catch {
    return undefined
  }
}

/** Compares each message with the checkpoint of its kind, which moves along. */
export function planBatch(
  checkpoint: Checkpoint,
  messages: readonly (RelayedEvent | undefined)[],
): BatchPlan {
  const positions = new Map(checkpoint.positions)
  const events: JournalEvent[] = []
  for (const message of messages) {
    if (message === undefined || message.era !== checkpoint.era) return { step: 'read' }
    const { kind, position, previous } = message
    const applied = positions.get(kind)
    // A kind that is not ours: the consumer's filter is wider than the projection.
    if (applied === undefined || position <= applied) continue
    const event = previous === applied ? message.read() : undefined
    if (event === undefined) return { step: 'read' }
    positions.set(kind, position)
    events.push(event)
  }
  return { step: 'apply', events }
}
