import type { Daybook } from '@daybook/client'
import { DaybookError } from '@daybook/errors'
import type { JournalEvent } from '@daybook/events'
import { atOnce } from '../at-once.ts'
import { chunksOf } from '../chunks.ts'
import type { KeptBlob } from './blob-store.ts'
import type { ImportPlan } from './plan-import.ts'

export interface ImportOutcome {
  /** `extended`: an earlier import had only the beginning of the run. */
  readonly outcome: 'imported' | 'extended' | 'already-imported'
  /** Events that were new to the journal. */
  readonly eventsAdded: number
}

/**
 * Brings a plan into the journal. It may be stopped anywhere and done again:
 *
 * I1. Blobs come first, then the run's events in order, and RUN_IMPORTED last; so what an event refers to is always there, and RUN_IMPORTED means all.
 * I2. Every request says at which seq it expects the run. What an earlier import brought in is answered with its first receipts;
 *     a stream of the same name with other events is a conflict, and nothing is added to it.
 *
 * Throws `seq-conflict` or `id-reused` when the journal holds another run, or the same run with other content, under this name.
 */
export async function sendImport(daybook: Daybook, plan: ImportPlan): Promise<ImportOutcome> {
  if (await isImported(daybook, plan)) return { outcome: 'already-imported', eventsAdded: 0 }
  const known = await countKnown(daybook, plan)
  await keepBlobs(daybook, plan.blobs)
  // None of the requests mixes events that the journal has with events that it has not.
  for (const chunk of chunksOf(plan.drafts, known)) {
    const expect = { [`run/${plan.runId}`]: chunk.offset === 0 ? ('absent' as const) : chunk.offset }
    await daybook.append(chunk.drafts, { expect }) // I2
  }
  await daybook.append(plan.imported) // I1
  return {
    outcome: known === 0 ? 'imported' : 'extended',
    eventsAdded: Math.max(0, plan.drafts.length - known),
  }
}

async function isImported(daybook: Daybook, { imported }: ImportPlan): Promise<boolean> {
  for await (const { id } of existing(daybook.stream(imported.stream))) if (id === imported.id) return true
  return false
}

/** How many of the run's events the journal has. Throws `seq-conflict` when what it has is not the beginning of this run. */
async function countKnown(daybook: Daybook, { runId, drafts }: ImportPlan): Promise<number> {
  const stream = `run/${runId}`
  const { value: last } = await existing(daybook.stream(stream, { reverse: true, limit: 1 })).next()
  if (last === undefined) return 0
  const common = Math.min(last.seq, drafts.length)
  const { value: meeting } =
    last.seq === common
      ? { value: last }
      : await existing(daybook.stream(stream, { after: common - 1, limit: 1 })).next()
  if (meeting?.id === drafts[common - 1]?.id) return last.seq
  const detail = `The journal already has a run ${runId} with other events (${stream} is at seq ${last.seq}). Nothing was imported; see: daybook run:events ${runId}`
  throw new DaybookError('seq-conflict', detail, { details: { stream, actual: last.seq } })
}

/** A stream that is not there yet has no events. */
async function* existing(
  events: AsyncIterable<JournalEvent>,
): AsyncGenerator<JournalEvent, undefined, undefined> {
  try {
    yield* events
  } catch (error) {
    if (!(error instanceof DaybookError) || error.code !== 'not-found') throw error
  }
  return undefined
}

/** Enough to hide the way to the server and back; a run has many small files. */
const uploadsAtOnceMax = 8

async function keepBlobs(daybook: Daybook, blobs: readonly KeptBlob[]): Promise<void> {
  await atOnce(blobs, uploadsAtOnceMax, (blob) => keepBlob(daybook, blob))
}

async function keepBlob(daybook: Daybook, { bytes, mediaType, sha256 }: KeptBlob): Promise<void> {
  const kept = await daybook.blobs.put(bytes, mediaType)
  if (kept.$blob === sha256) return
  throw new DaybookError(
    'internal',
    `A file arrived at the journal with other content (${sha256}). Import the run again.`,
  )
}
