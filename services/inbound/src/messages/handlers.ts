import { type LeftOutEvent, stretchesOf } from '@daybook/eventing'
import { inboundErasureOf, type JournalEvent } from '@daybook/events'
import type { QueryExecutorProvider } from 'kysely'
import { saveLanes } from '../store/lanes.ts'
import { loadMessages, saveMessages } from '../store/messages.ts'
import { addToTotals } from '../store/totals.ts'
import { blankLane } from './blank-lane.ts'
import { evolveStates, messageKeysOf } from './message-states.ts'

/**
 * Applies events of conversations to the read model, four statements for a batch, however many events it has. The
 * projection's checkpoint moves in the same transaction, so a batch that is delivered again changes nothing.
 */
export async function whenMessagesChanged(
  trx: QueryExecutorProvider,
  events: readonly JournalEvent[],
): Promise<void> {
  for (const stretch of stretchesOf(events, tellsOfErasure)) {
    await blankLane(trx, stretch[0])
    await evolveMessages(trx, stretch)
  }
}

/** What was erased goes from the read model at once, also from a conversation that is left out from some later event on. */
export async function whenParkedMessagesChanged(
  trx: QueryExecutorProvider,
  leftOut: readonly LeftOutEvent[],
): Promise<void> {
  for (const { event } of leftOut) await blankLane(trx, event)
}

function tellsOfErasure(event: JournalEvent): boolean {
  return inboundErasureOf(event) !== undefined
}

async function evolveMessages(trx: QueryExecutorProvider, events: readonly JournalEvent[]): Promise<void> {
  const stored = await loadMessages(trx, [...messageKeysOf(events).values()])
  const { messages, lanes, totals } = evolveStates(stored, events)
  await saveMessages(trx, [...messages.values()])
  await saveLanes(trx, [...lanes.values()])
  await addToTotals(trx, totals)
}
