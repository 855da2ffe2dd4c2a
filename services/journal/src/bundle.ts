import type { Database } from '@daybook/database'
import { DaybookError } from '@daybook/errors'
import { journalReader, leaveArchived, type PayloadArchive } from '@daybook/eventing'
import {
  archiveIdOf,
  type BundleEntry,
  type BundleHeading,
  bundleLines,
  consistencyRanges,
  type JournalEvent,
} from '@daybook/events'
import { SealedTree } from './store/sealed-tree.ts'
import type { JournalTables } from './store/tables.ts'
import { findLastCheckpoint, type SealedCheckpoint } from './store/tree.ts'

export interface BundleParts {
  readonly database: Database<JournalTables>
  /** Where archived payloads are read from, so that the bundle has them. */
  readonly archive: PayloadArchive
}

export interface BundleRequest {
  readonly tenant: string
  readonly stream: string
  /** The size of an older checkpoint, which the bundle is to prove that its own one continues. */
  readonly since?: number
}

/** What one statement reads, and the proofs of one page are made of: some 10 MB at the most. */
const PAGE_EVENTS = 256
const PAGE_BYTES = 4 * 1_048_576

/** The end of the stream and the checkpoint, as they were when the bundle was begun. */
interface Frame {
  readonly lastSeq: number
  readonly era: number
  readonly checkpoint: SealedCheckpoint | undefined
  readonly consistency: BundleHeading['consistency']
}

/**
 * The lines of a bundle with one stream, as it is now, and with the records of what was erased of it. Nothing is read
 * before the lines are, and then page by page. Codes: not-found, not-sealed (`since` is beyond the newest checkpoint).
 */
export async function openBundle(
  parts: BundleParts,
  request: BundleRequest,
): Promise<{ lines: AsyncGenerator<string, void, undefined>; checkpoint: SealedCheckpoint | undefined }> {
  const frame = await openFrame(parts, request)
  const { era, checkpoint, consistency } = frame
  const heading = {
    tenant: request.tenant,
    streams: [request.stream],
    era,
    createdAt: new Date().toISOString(),
    ...(checkpoint && { checkpoint: checkpoint.note }),
    ...(consistency && { consistency }),
  }
  return { lines: bundleLines(heading, entriesOf(parts, request, frame)), checkpoint }
}

async function openFrame(
  { database }: BundleParts,
  { tenant, stream, since }: BundleRequest,
): Promise<Frame> {
  return database.asTenant(tenant, async (trx) => {
    const reader = journalReader(trx, leaveArchived)
    const [last] = await reader.page({ tenant, stream, limit: 1, reverse: true })
    if (last === undefined) throw new DaybookError('not-found', `There is no stream ${stream}.`)
    const checkpoint = await findLastCheckpoint(trx)
    const { era } = await reader.head()
    const consistency = since === undefined ? undefined : { from: since, hashes: [] as string[] }
    if (consistency !== undefined) {
      if (checkpoint === undefined || consistency.from > checkpoint.size) throw notSealed(consistency.from)
      const ranges = consistencyRanges(consistency.from, checkpoint.size)
      consistency.hashes = await new SealedTree(trx, checkpoint).hashes(ranges)
    }
    return { lastSeq: last.seq, era, checkpoint, consistency }
  })
}

async function* entriesOf(
  parts: BundleParts,
  { tenant, stream }: BundleRequest,
  { lastSeq, checkpoint }: Frame,
): AsyncGenerator<BundleEntry, void, undefined> {
  const records = new Set<string>()
  for await (const entry of streamEntries(parts, { tenant, stream, lastSeq }, checkpoint)) {
    if (entry.event.erased !== undefined) records.add(recordOf(entry.event, entry.event.erased.erasureId))
    yield entry
  }
  // That a payload is gone is sound only with the record of its erasure.
  for (const record of records)
    yield* streamEntries(parts, { tenant, stream: record, lastSeq: Number.MAX_SAFE_INTEGER }, checkpoint)
}

function recordOf(event: JournalEvent, erasureId: string): string {
  const archiveId = archiveIdOf(event)
  return archiveId === undefined ? `erasure/${erasureId}` : `archive/${archiveId}`
}

async function* streamEntries(
  { database, archive }: BundleParts,
  { tenant, stream, lastSeq }: { tenant: string; stream: string; lastSeq: number },
  checkpoint: SealedCheckpoint | undefined,
): AsyncGenerator<BundleEntry, void, undefined> {
  for (let after = 0; after < lastSeq; ) {
    const query = { tenant, stream, after, limit: PAGE_EVENTS, bytesMax: PAGE_BYTES }
    const entries = await database.asTenant(tenant, async (trx) => {
      const events = await journalReader(trx, archive).page(query)
      const sealed = events.filter(({ position }) => position <= (checkpoint?.size ?? 0))
      const proofs = checkpoint === undefined ? [] : await proveAll(new SealedTree(trx, checkpoint), sealed)
      return events.map((event, nth): BundleEntry => {
        const proof = proofs[nth]
        return proof === undefined ? { event } : { event, proof }
      })
    })
    const last = entries.at(-1)
    if (last === undefined) return
    yield* entries.filter(({ event }) => event.seq <= lastSeq)
    after = last.event.seq
  }
}

/** In a stream positions grow, so what is sealed comes first. */
function proveAll(tree: SealedTree, events: readonly JournalEvent[]) {
  return tree.prove(events.map(({ position }) => position))
}

function notSealed(size: number): DaybookError {
  return new DaybookError(
    'not-sealed',
    `The newest checkpoint does not cover ${size} events. Ask again in a minute.`,
  )
}
