import type { Delivery } from '@daybook/bus'
import { type JournalEvent, parseStream, readJournalEvent } from '@daybook/events'
import type { Checkpoint } from './checkpoint.ts'

/** An event as the relay sent it, with the position of the event of its kind that came before. */
export interface RelayedEvent {
  event: JournalEvent
  previous: number
  era: number
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

/** Reads a message; undefined if it is none of the relay's. The journal has the event anyway, so that is no loss. */
export function readMessage(delivery: Delivery): RelayedEvent | undefined {
  const { headers } = delivery
  const previous = Number(headers['Daybook-Prev'])
  const era = Number(headers['Daybook-Era'])
  try {
    const event = readJournalEvent(JSON.parse(delivery.text()))
    const sound =
      event.position === Number(headers['Daybook-Position']) && previous < event.position && era > 0
    return sound ? { event, previous, era } : undefined
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
    const { event, previous } = message
    const kind = kindOf(event)
    const position = positions.get(kind)
    // A kind that is not ours: the consumer's filter is wider than the projection.
    if (position === undefined || event.position <= position) continue
    if (previous !== position) return { step: 'read' }
    positions.set(kind, event.position)
    events.push(event)
  }
  return { step: 'apply', events }
}
