import { setTimeout as delay } from 'node:timers/promises'
import type { Bus } from '@daybook/bus'
import type { Database } from '@daybook/database'
import { type JournalReader, restoredWithoutEra } from '@daybook/eventing'
import type { Logger } from '@daybook/runtime'
import { failpoints } from './failpoints.ts'
import { restAfter } from './pace.ts'
import { EVENTS_STREAM, findStart } from './relay-start.ts'
import {
  findLastOfKind,
  type RelayCursor,
  type RelayLease,
  releaseLease,
  saveCursor,
  takeLease,
} from './store/relay.ts'
import type { JournalTables } from './store/tables.ts'
import { fromJournal, type Outgoing, type Tap } from './tap.ts'

/**
 * Copies committed events to JetStream, in order, without gaps.
 *
 * R1 One relay at a time holds the lease. A relay that was paused past its lease and goes on publishing is stopped by
 *    JetStream itself: each batch names the sequence it expects to follow.
 * R2 After a start, an error or a time-out the outcome of the last batch is unknown. The relay then asks the stream what
 *    it holds and goes on from there; it never guesses.
 * R3 What was published may be lost again: a store that is deleted, a stream that is cut. An idle relay looks now and
 *    then whether the stream still ends where it left it.
 * R4 The cursor in Postgres may lag behind the stream (it is saved when idle and once a second): R2 mends that.
 * R5 A journal that was restored says so by a new era; then everything is published again, and nothing that is
 *    remembered holds. One that went back in time without saying so is not published at all (`relay-start.ts`).
 */

/** A dead relay is replaced after this time; a live one renews long before. */
const LEASE_MS = 10_000
const SAVE_EVERY_MS = 1_000
/** One small request: cheap enough, and consumers read what is missing from the journal meanwhile. */
const CHECK_EVERY_MS = 5_000
/** How long an idle relay waits before it looks by itself: other instances' commits reach it through the head signal. */
const IDLE_MS = 1_000
/**
 * A batch is made, or read, in one go, during which no append is answered: this many take some three milliseconds.
 * JetStream's own limit is 1,000; larger batches are hardly cheaper.
 */
const BATCH_EVENTS_MAX = 250
const BATCH_BYTES_MAX = 2_097_152
const BACKOFF_BASE_MS = 100
const BACKOFF_MAX_MS = 5_000

export interface RelayParts {
  database: Database<JournalTables>
  reader: JournalReader
  /** What this instance has just committed; everything else is read from the table. */
  tap: Tap
  bus: Bus
  logger: Logger
  /** Names this instance in the lease. */
  owner: string
  /** Resolves when the journal has grown past `position`, or after `timeoutMs`, whichever is first. */
  waitBeyond: (position: number, timeoutMs: number, signal: AbortSignal) => Promise<void>
  /** Whether appends wait for this process or its database. */
  isSaturated: () => boolean
  /** Told that the journal was restored: what is remembered of its end may be ahead of it. */
  onNewEra?: () => void
  /** Told when a lease was taken and the stream agrees with the journal. */
  onStarted?: () => void
  /** Told of each batch that JetStream has taken. `startedAtMs` is of the clock of `Date`. */
  onPublished?: (events: readonly Outgoing[], startedAtMs: number) => void
  /** Told of each failure; the relay then starts over. */
  onFailure?: (error: unknown) => void
}

class LeaseLost extends Error {}

class StreamCut extends Error {}

class EraChanged extends Error {}

/** Runs until the signal aborts. Never throws: while Postgres or NATS is away it waits and tries again. */
export async function runRelay(parts: RelayParts, signal: AbortSignal): Promise<void> {
  let failures = 0
  let era: number | undefined
  while (!signal.aborted) {
    try {
      const lease = await takeLease(parts.database, parts.owner, LEASE_MS)
      if (lease !== undefined && era !== undefined && lease.era !== era) forgetRestored(parts) // R5
      era = lease?.era ?? era
      if (lease !== undefined) await publishUnderLease(parts, lease, signal, () => (failures = 0))
      else await pause(IDLE_MS, signal)
    } catch (error) {
      if (signal.aborted) break
      failures += 1
      parts.onFailure?.(error)
      parts.logger.warn({ err: error, failures }, 'the relay starts over')
      await pause(Math.random() * Math.min(BACKOFF_MAX_MS, BACKOFF_BASE_MS * 2 ** failures), signal)
    }
  }
}

function forgetRestored({ tap, onNewEra }: RelayParts): void {
  tap.clear()
  onNewEra?.()
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => {})
}

async function publishUnderLease(
  parts: RelayParts,
  taken: RelayLease,
  signal: AbortSignal,
  onProgress: () => void,
): Promise<void> {
  failpoints.relay.afterLease.publish(undefined)
  const publisher = createPublisher(parts, taken.era)
  const lease = { ...taken, cursor: await findStart(parts, taken) }
  let savedAt = 0
  let checkedAt = performance.now()
  const save = async (): Promise<void> => {
    if (!(await saveCursor(parts.database, lease, LEASE_MS)))
      throw new LeaseLost('another instance took the relay over')
    savedAt = performance.now()
    failpoints.relay.afterSave.publish(undefined)
  }
  await save()
  parts.onStarted?.()
  try {
    while (!signal.aborted) {
      const startedAt = performance.now()
      const startedAtMs = Date.now()
      const events = await nextEvents(parts, lease.cursor.position)
      if (events.length > 0) {
        lease.cursor = await publisher.publish(events, lease.cursor)
        parts.onPublished?.(events, startedAtMs)
        onProgress()
        checkedAt = performance.now() // a batch that was accepted proves the stream's end
      }
      if (performance.now() - savedAt > SAVE_EVERY_MS) await save()
      if (performance.now() - checkedAt > CHECK_EVERY_MS) {
        await requireStreamEnd(parts.bus, lease.cursor) // R3
        await requireSameJournal(parts.reader, lease) // R5
        checkedAt = performance.now()
      }
      if (events.length === 0) await parts.waitBeyond(lease.cursor.position, IDLE_MS, signal)
      else await pause(restAfter(batchOf(parts, events, startedAt)), signal)
    }
    await save()
  } finally {
    await releaseLease(parts.database, lease.epoch).catch(() => {})
  }
}

function batchOf({ isSaturated }: RelayParts, events: readonly Outgoing[], startedAtMs: number) {
  const tookMs = performance.now() - startedAtMs
  return { isFull: events.length === BATCH_EVENTS_MAX, tookMs, isSaturated: isSaturated() }
}

async function nextEvents({ tap, reader }: RelayParts, after: number): Promise<Outgoing[]> {
  const held = tap.take(after, BATCH_EVENTS_MAX, BATCH_BYTES_MAX)
  if (held.length > 0) return held
  const events = await reader.page({ after, limit: BATCH_EVENTS_MAX, bytesMax: BATCH_BYTES_MAX })
  return events.map(fromJournal)
}

async function requireStreamEnd(bus: Bus, cursor: RelayCursor): Promise<void> {
  const state = await bus.streamState(EVENTS_STREAM)
  if (state?.lastSeq !== cursor.streamSeq)
    throw new StreamCut('the stream does not end where the relay left it')
}

async function requireSameJournal(reader: JournalReader, { era, cursor }: RelayLease): Promise<void> {
  const head = await reader.head()
  if (head.era !== era) throw new EraChanged('the journal has a new era')
  if (head.position < cursor.position)
    throw restoredWithoutEra(
      `The relay has published position ${cursor.position}, the journal ends at ${head.position}`,
    )
}

function createPublisher(parts: RelayParts, era: number) {
  const lastOfKind = new Map<string, number>()

  const previousOf = async (kind: string, position: number): Promise<number> =>
    lastOfKind.get(kind) ?? (await findLastOfKind(parts.database, kind, position - 1))

  const toMessage = async ({ position, kind, subject, body }: Outgoing) => {
    const prev = await previousOf(kind, position)
    lastOfKind.set(kind, position)
    // No Nats-Msg-Id: the fence (R1) already makes a message come once, and JetStream's memory of ids would refuse to
    // take again what it has lost.
    const headers = {
      'Daybook-Era': String(era),
      'Daybook-Position': String(position),
      'Daybook-Prev': String(prev),
    }
    return { subject, data: body, headers }
  }

  return {
    async publish(events: readonly Outgoing[], cursor: RelayCursor): Promise<RelayCursor> {
      const messages = []
      for (const event of events) messages.push(await toMessage(event))
      failpoints.relay.beforePublish.publish(undefined)
      const { lastSeq } = await parts.bus.publishBatch(EVENTS_STREAM, messages, cursor.streamSeq)
      failpoints.relay.afterPublish.publish(undefined)
      return { position: events.at(-1)?.position ?? cursor.position, streamSeq: lastSeq }
    },
  }
}
