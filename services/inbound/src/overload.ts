import type { Database } from '@daybook/database'
import { DaybookError } from '@daybook/errors'
import type { Projection } from '@daybook/eventing'
import type { InboundLimits } from '@daybook/events'
import { LeastRecentlyUsed } from '@daybook/runtime'
import type { EvictOldest } from './evict.ts'
import { entriesOf } from './store/totals.ts'

/** Whether a source may have one more message. */
export interface Overload {
  /**
   * Code: `overloaded`, with `retryAfterMs`. `isKnown` is asked before that is said: what has been received before needs no
   * room.
   */
  admit(asked: { tenant: string; source: string; isKnown: () => Promise<boolean> }): Promise<Admission>
}

/** Room for one message. To be told where it went. */
interface Admission {
  accepted(position: number): void
}

export interface OverloadParts<DB> {
  readonly database: Database<DB>
  readonly projection: Projection<DB>
  readonly limitsOf: (source: string) => InboundLimits
  /** Makes room. */
  readonly evictOldest: EvictOldest
}

/** What a source has, as of a look at the read model, and what was taken in since. */
interface Room {
  unfinished: number
  /** The positions of what was taken in and is not in `unfinished` yet. */
  readonly since: number[]
  lookedAtMs: number
  looking: Promise<void> | undefined
}

/** So long what is known of a source far from its limit may be old: others take messages in meanwhile. */
const FRESH_MS = 2_000
/** A full source is looked at so often, however many messages come. */
const FULL_FRESH_MS = 100
/** Whoever may append chooses the names of sources. One that is forgotten is looked at anew. */
const SOURCES_MAX = 10_000
/** Long enough for some work to get done, short enough not to keep a platform waiting for a place that is free. */
const RETRY_AFTER_MS = 5_000

/**
 * Counts by what the read model says and by what this instance has taken in since: there is no look before a message is
 * taken in as long as its source is far from its limit. Several instances together may pass it by what they take in within
 * two seconds.
 */
export function overloadGuard<DB>(parts: OverloadParts<DB>): Overload {
  const rooms = new LeastRecentlyUsed<Room>(SOURCES_MAX)
  const look = (tenant: string, source: string, room: Room): Promise<void> => {
    room.looking ??= readRoom(parts, { tenant, source }, room).finally(() => {
      room.looking = undefined
    })
    return room.looking
  }
  return {
    async admit({ tenant, source, isKnown }) {
      const { maxEntries, overflow } = parts.limitsOf(source)
      const name = `${tenant} ${source}`
      const room = rooms.get(name) ?? { unfinished: 0, since: [], lookedAtMs: -Infinity, looking: undefined }
      rooms.set(name, room)
      const admission = { accepted: (position: number) => void room.since.push(position) }
      const isFull = () => room.unfinished + room.since.length >= maxEntries
      const ageMs = performance.now() - room.lookedAtMs
      if (ageMs > FRESH_MS) {
        const looked = look(tenant, source, room)
        // One that was never looked at may be full.
        if (room.lookedAtMs === -Infinity) await looked
        else looked.catch(() => {})
      }
      if (isFull() && performance.now() - room.lookedAtMs > FULL_FRESH_MS) await look(tenant, source, room)
      if (!isFull() || (await isKnown())) return admission
      if (overflow === 'evict-oldest-pending' && (await parts.evictOldest({ tenant, source }))) {
        room.unfinished -= 1
        return admission
      }
      throw overloaded(source, maxEntries)
    },
  }
}

async function readRoom<DB>(
  { projection }: OverloadParts<DB>,
  { tenant, source }: { tenant: string; source: string },
  room: Room,
): Promise<void> {
  const { value, position } = await projection.read(tenant, (trx) => entriesOf(trx, { tenant, source }))
  room.unfinished = value.unfinished
  room.lookedAtMs = performance.now()
  // Of these the read model tells by now.
  const later = room.since.filter((taken) => taken > position)
  room.since.splice(0, room.since.length, ...later)
}

function overloaded(source: string, maxEntries: number): DaybookError {
  const message = `${source} has ${maxEntries} unfinished messages, as many as it may. Deliver it again later, or raise maxEntries of the source.`
  return new DaybookError('overloaded', message, {
    details: { source, maxEntries, retryAfterMs: RETRY_AFTER_MS },
  })
}
