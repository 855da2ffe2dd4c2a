import type { Bus, StreamState } from '@daybook/bus'
import type { Database } from '@daybook/database'
import { journalReader, restoredWithoutEra } from '@daybook/eventing'
import { readJournalEvent } from '@daybook/events'
import { reconcile, type StreamEnd } from './reconcile.ts'
import { findHashAt, type RelayCursor, type RelayLease } from './store/relay.ts'
import type { JournalTables } from './store/tables.ts'

export const EVENTS_STREAM = 'DAYBOOK_EVENTS'

export interface RelayStartParts {
  database: Database<JournalTables>
  bus: Bus
}

/**
 * Asks the stream where publishing goes on (R2), making it again if it is gone. Errors: `restored-without-era` when the
 * stream holds what this journal never had (R5), besides those of the bus and the database.
 */
export async function findStart(parts: RelayStartParts, lease: RelayLease): Promise<RelayCursor> {
  const state = await parts.bus.streamState(EVENTS_STREAM)
  if (state === undefined) await parts.bus.ensureTopology()
  const end = state && endOf(state)
  if (state !== undefined && end?.last !== undefined) await requireOwn(parts, lease.era, state, end.last)
  return reconcile(lease.cursor, lease.era, end)
}

function endOf({ lastSeq, lastMessage }: StreamState): StreamEnd {
  const position = Number(lastMessage?.headers['Daybook-Position'])
  const era = Number(lastMessage?.headers['Daybook-Era'])
  const last =
    lastMessage !== undefined && Number.isSafeInteger(position)
      ? { seq: lastMessage.seq, era, position }
      : undefined
  return { lastSeq, last }
}

/**
 * R5: The journal is the truth, unless it went back in time without saying so: then the stream's last event is of a
 * later era, lies beyond the journal's end, or is another one than the journal has there.
 */
async function requireOwn(
  { database }: RelayStartParts,
  era: number,
  { lastMessage }: StreamState,
  last: { era: number; position: number },
): Promise<void> {
  if (last.era > era)
    throw restoredWithoutEra(`JetStream holds events of era ${last.era}, the journal is in era ${era}`)
  const published = hashIn(lastMessage?.data)
  if (last.era < era || published === undefined) return
  const kept = await findHashAt(database, last.position)
  if (kept === published) return
  if (kept !== undefined)
    throw restoredWithoutEra(`JetStream and the journal hold different events at position ${last.position}`)
  const head = await journalReader(database.kysely).head()
  throw restoredWithoutEra(
    `JetStream holds events up to position ${last.position}, the journal ends at ${head.position}`,
  )
}

/** What is not an event of ours says nothing: anybody may publish there who has the right to. */
function hashIn(data: Uint8Array | undefined): string | undefined {
  try {
    return readJournalEvent(JSON.parse(new TextDecoder().decode(data))).hash
  } catch {
    return undefined
  }
}
