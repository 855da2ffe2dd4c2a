import type { Database } from '@daybook/database'
import { type JournalPage, journalReader, type PayloadArchive } from '@daybook/eventing'
import { erasureOf, type JournalEvent, withoutPayload } from '@daybook/events'

/** As many as are kept for a tenant, and at most so many bytes of payloads. */
export const RECENT_EVENTS_MAX = 100
const RECENT_BYTES_MAX = 2 * 1024 * 1024
/** Tenants that asked last: some 40 MiB at the worst. */
const TENANTS_MAX = 20

interface RecentEvents {
  events: readonly JournalEvent[]
  /** Of the journal when it was looked at. */
  position: number
}

export interface RecentReads {
  /** The last events of a tenant, oldest first. */
  read(tenant: string): Promise<RecentEvents>
}

interface Kept extends RecentEvents {
  era: number
}

/**
 * The last events of the tenants that ask for them, kept in memory. Each read looks at the head of the journal, which is
 * one row, and reads what has come since.
 *
 * An event whose payload is erased loses it here when the record of the erasure comes by, which is always before the
 * payload goes from the table. A journal of another era is read anew.
 */
export function recentEvents<DB>(database: Database<DB>, archive: PayloadArchive): RecentReads {
  const kept = new Map<string, Kept>()

  const readPage = (tenant: string, after: number | undefined): Promise<JournalPage> =>
    database.asTenant(tenant, (trx) =>
      journalReader(trx, archive).readPage({
        tenant,
        ...(after === undefined ? { reverse: true } : { after }),
        limit: RECENT_EVENTS_MAX,
        bytesMax: RECENT_BYTES_MAX,
      }),
    )

  const lookAgain = async (tenant: string, before: Kept | undefined): Promise<readonly JournalEvent[]> => {
    if (before !== undefined) {
      const page = await readPage(tenant, before.position)
      if (!page.more) return lastOf(withErasures([...before.events, ...page.events]))
    }
    return (await readPage(tenant, undefined)).events.toReversed()
  }

  return {
    async read(tenant) {
      const head = await journalReader(database.kysely).head()
      const last = kept.get(tenant)
      const before = last?.era === head.era ? last : undefined
      const events = before?.position === head.position ? before.events : await lookAgain(tenant, before)
      const now = { era: head.era, position: Math.max(head.position, events.at(-1)?.position ?? 0), events }
      kept.delete(tenant)
      kept.set(tenant, now)
      for (const name of kept.keys()) if (kept.size > TENANTS_MAX) kept.delete(name)
      return now
    },
  }
}

function withErasures(events: readonly JournalEvent[]): JournalEvent[] {
  const erasures = events.flatMap((event) => erasureOf(event) ?? [])
  const erased = new Map(
    erasures.flatMap(({ erasureId, events: gone }) => gone.map(({ id }) => [id, erasureId] as const)),
  )
  return events.map((event) => {
    const erasureId = event.erased === undefined ? erased.get(event.id) : undefined
    return erasureId === undefined ? event : withoutPayload(event, erasureId)
  })
}

function lastOf(events: readonly JournalEvent[]): JournalEvent[] {
  let bytes = 0
  const tooOld = events.findLastIndex((event, index) => {
    bytes += JSON.stringify(event.data).length
    return (
      events.length - index > RECENT_EVENTS_MAX || (bytes > RECENT_BYTES_MAX && index < events.length - 1)
    )
  })
  return events.slice(tooOld + 1)
}
