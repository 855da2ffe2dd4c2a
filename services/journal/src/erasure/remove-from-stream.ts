import type { Bus } from '@daybook/bus'
import type { Database } from '@daybook/database'
import { type Erasure, type JournalEvent, subjects } from '@daybook/events'
import { sql } from 'kysely'
import { findRelayPosition } from '../store/erasures.ts'
import type { JournalTables } from '../store/tables.ts'

const EVENTS_STREAM = 'DAYBOOK_EVENTS'

/**
 * Removes the messages of erased events from JetStream; an event may be there several times, since the relay fills a
 * stream that was cut again. False while the relay has not published the record itself: until then it may hold an event
 * that it read before the payload went. Errors: `unavailable`, `timeout`.
 */
export async function removeFromStream(
  { database, bus }: { database: Database<JournalTables>; bus: Bus },
  record: JournalEvent,
  erasure: Erasure,
): Promise<boolean> {
  if ((await findRelayPosition(database)) < record.position) return false
  for (const [subject, ids] of await subjectsOf(database, record.tenant, erasure)) {
    await bus.removeMessages({ stream: EVENTS_STREAM, subject }, ({ data }) => {
      const event = eventIn(data)
      return event !== undefined && ids.has(event.id) && !event.isErased
    })
  }
  return true
}

/** The ids that are to go, under the subjects that they are under. */
async function subjectsOf(
  database: Database<JournalTables>,
  tenant: string,
  { events }: Erasure,
): Promise<Map<string, Set<string>>> {
  const { rows } = await sql<{ id: string; stream: string; type: string }>`
    select id, stream, type from journal.events
    where position = any(${events.map(({ position }) => position)}::bigint[]) and tenant = ${tenant}`.execute(
    database.kysely,
  )
  const bySubject = new Map<string, Set<string>>()
  for (const { id, stream, type } of rows) {
    const subject = subjects.event({ tenant, stream, type })
    bySubject.set(subject, (bySubject.get(subject) ?? new Set()).add(id))
  }
  return bySubject
}

/** Which event a message holds; undefined for one that is not of the relay's making. */
function eventIn(data: Uint8Array): { id: string; isErased: boolean } | undefined {
  try {
    const event: unknown = JSON.parse(Buffer.from(data).toString())
    if (typeof event !== 'object' || event === null || !('id' in event)) return undefined
    return { id: String(event.id), isErased: 'erased' in event }
  } catch {
    return undefined
  }
}
