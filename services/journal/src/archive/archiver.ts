import type { Database } from '@daybook/database'
import { bundleName, type PayloadArchive } from '@daybook/eventing'
import { createUlids, type Erasure } from '@daybook/events'
import type { ObjectStore } from '@daybook/object-store'
import type { Logger } from '@daybook/runtime'
import type { Batcher } from '../batcher.ts'
import { appendOwn } from '../own-appends.ts'
import {
  type ArchiveRow,
  archivePayloads,
  claimArchive,
  claimRewriting,
  type EndedStream,
  findArchivesOf,
  findEndedRuns,
  findUnfinished,
  readArchiveProgress,
  releaseArchive,
  saveArchiveProgress,
} from '../store/archives.ts'
import type { JournalTables } from '../store/tables.ts'
import { type BundleFile, findBundleFault, writeBundle } from './bundle-file.ts'

/**
 * Brings runs that ended long ago into the archive, one bundle each.
 *
 * A1 The row of an archive is there before its bundle, and the bundle before the payloads leave the table: whatever
 *    happens, a payload is in at least one of them, and no bundle is unknown. What was begun is finished by the next round.
 * A2 A bundle is read back and verified before anything relies on it.
 * A3 The payloads leave on a record in the journal that holds the hash of the bundle, and only if they are the ones that
 *    the bundle holds: an erasure that came in between has the bundle written again without what it took.
 * A4 Two never write the same bundle at once: the row says who does, and until when.
 */
export interface Archiver {
  /** Archives runs whose last event is older than `before`, `limit` at most. Errors: `unavailable`. */
  run(options: { before: Date; limit: number }): Promise<ArchiveRound>
  /** Takes erased payloads out of their bundles. False: a bundle is being written, and has to be looked at again. */
  forget(tenant: string, erasure: Erasure): Promise<boolean>
}

interface ArchiveRound {
  archived: number
  /** Whether there may be more to do at once. */
  more: boolean
}

export interface ArchiverParts {
  database: Database<JournalTables>
  batcher: Batcher
  store: ObjectStore
  /** Reads what is in the store already. */
  archive: PayloadArchive
  logger: Logger
}

/** An erasure that comes in between has the bundle written again; more than a few in a row are not by chance. */
const TRIES_MAX = 5

export function createArchiver(parts: ArchiverParts): Archiver {
  const { database, store, logger } = parts
  const nextId = createUlids()

  const archiveOne = async (ended: EndedStream): Promise<boolean> => {
    const id = nextId()
    const name = bundleName(ended.tenant, id)
    const row = await claimArchive(database, ended, { id, location: store.location, name })
    if (row === undefined) return false
    await bringIn(parts, row, nextId)
    logger.info(
      { archiveId: row.id, stream: row.stream, events: row.lastSeq - row.firstSeq + 1 },
      'a run was archived',
    )
    return true
  }

  const archiveAll = async (streams: readonly EndedStream[], limit: number): Promise<number> => {
    let archived = 0
    for (const ended of streams) {
      if (archived === limit) break
      if (await archiveOne(ended)) archived += 1
    }
    return archived
  }

  return {
    async run({ before, limit }) {
      let archived = await archiveAll(await findUnfinished(database), limit) // A1
      for (let after = await readArchiveProgress(database); archived < limit; ) {
        const { streams, upto } = await findEndedRuns(database, { after, before })
        const left = limit - archived
        archived += await archiveAll(streams, left)
        // What was left out for the limit is found again: the place is not passed.
        if (streams.length > left) return { archived, more: true }
        if (upto <= after) return { archived, more: false }
        await saveArchiveProgress(database, upto)
        after = upto
      }
      return { archived, more: true }
    },
    forget: (tenant, erasure) => forget(parts, nextId, { tenant, erasure }),
  }
}

/** Writes the bundle of a row, and lets the payloads leave the table. */
async function bringIn(parts: ArchiverParts, row: ArchiveRow, nextId: () => string): Promise<void> {
  const { database } = parts
  for (let tries = 1; tries <= TRIES_MAX; tries += 1) {
    const bundle = await writeBundle(parts, row)
    await keepSafely(parts, row, bundle)
    const record = await recordBundle(parts, row, bundle, nextId)
    if (await archivePayloads(database, record, bundle.payloads)) return // A3
  }
  await releaseArchive(database, row.id)
}

/** A2 */
async function keepSafely({ store }: ArchiverParts, row: ArchiveRow, bundle: BundleFile): Promise<void> {
  await store.put(row.name, bundle.content, { mediaType: 'application/gzip' })
  const fault = await findBundleFault(await store.get(row.name), bundle.sha256)
  if (fault !== undefined) throw new Error(`the bundle ${row.name} of ${row.stream} is not sound: ${fault}`)
}

async function recordBundle(
  { batcher }: ArchiverParts,
  row: ArchiveRow,
  { sha256, content }: BundleFile,
  nextId: () => string,
): Promise<number> {
  const { stream, firstSeq, lastSeq, firstPosition, lastPosition, name: key } = row
  const data = { stream, firstSeq, lastSeq, firstPosition, lastPosition, key, sha256, bytes: content.length }
  const receipts = await appendOwn(batcher, row.tenant, {
    events: [
      {
        id: nextId(),
        stream: `archive/${row.id}`,
        type: 'STREAM_ARCHIVED',
        v: 1,
        data,
        actor: { kind: 'service', id: 'journal' },
      },
    ],
    expect: {},
  })
  return receipts[0]?.position ?? 0
}

/**
 * A bundle holds its stream from the first event on, so every archive of the stream may hold an erased payload. It is
 * written again from the table, which does not have it any more, and from itself. The record of a bundle that was written
 * again follows the bundle: until then the record names a file that is not there any more, and the next try mends it.
 */
async function forget(
  parts: ArchiverParts,
  nextId: () => string,
  { tenant, erasure }: { tenant: string; erasure: Erasure },
): Promise<boolean> {
  const { database, store } = parts
  const firstSeqs = new Map<string, number>()
  for (const { stream, seq } of erasure.events)
    firstSeqs.set(stream, Math.min(seq, firstSeqs.get(stream) ?? seq))
  for (const row of await findArchivesOf(database, tenant, [...firstSeqs.keys()])) {
    if (row.lastSeq < (firstSeqs.get(row.stream) ?? 0)) continue
    if (!(await claimRewriting(database, row.id, nextId()))) return false // A4
    if (row.archivedAt === null) {
      // Whoever began it is gone, perhaps with a bundle written. All that it would hold is in the table still.
      await store.remove(row.name)
      await releaseArchive(database, row.id)
      continue
    }
    const bundle = await writeBundle(parts, row)
    if (bundle.sha256 === row.sha256) {
      await releaseArchive(database, row.id)
      continue
    }
    await keepSafely(parts, row, bundle)
    await recordBundle(parts, row, bundle, nextId)
    await releaseArchive(database, row.id, { sha256: bundle.sha256, bytes: bundle.content.length })
  }
  return true
}
