import { type Database, DatabaseClock } from '@daybook/database'
import type { DaybookError } from '@daybook/errors'
import type { Receipt } from '@daybook/events'
import { failpoints } from '../failpoints.ts'
import type { Gathered } from '../gather.ts'
import { Recent } from '../recent.ts'
import { type Job, type Known, type Settlement, type StreamHead, settle } from '../settle.ts'
import type { Added } from '../tap.ts'
import { everythingOf, keysOf, type LookUp, lookUp } from './look-up.ts'
import type { JournalTables } from './tables.ts'
import { writeEvents } from './write-events.ts'

/** What became of one request of a batch. */
type Answer = { receipts: Receipt[] } | { refusal: DaybookError }

export interface CommittedBatch {
  answers: Answer[]
  /** What the batch added; undefined when that is nothing. */
  added: Added | undefined
}

/**
 * Appends batches, each in at most two statements, which are transactions of their own, so that no lock is held while
 * words travel:
 *
 * A1 Look up what is not remembered: the ends of the streams, and the events that the journal may have already under the
 *    ids and keys of the batch. Settle the batch against that. Most batches need to look up nothing.
 * A2 Write everything in one statement, which requires that the streams still end where they are believed to. If one
 *    does not, another instance was faster: nothing is written (SQLSTATE 40001), and the batch has to be settled again.
 * A3 The row of `journal.head` is locked first: it gives out the positions, which are therefore dense and in the order of
 *    commits, and since every append begins there, no two of them can wait for each other in a circle.
 */
export function createAppender(
  database: Database<JournalTables>,
): (jobs: readonly Gathered[]) => Promise<CommittedBatch> {
  const recent = new Recent()
  const clock = new DatabaseClock(database)

  const settleAgainst = async (jobs: readonly Job[], known: Known, wanted: LookUp): Promise<Settled> => {
    await lookUp(database, wanted, known)
    return { heads: known.heads, settlement: settle(jobs, known, await clock.now()) }
  }

  const settleBatch = async (jobs: readonly Gathered[]): Promise<Settled> => {
    const streams = new Set(jobs.flatMap((job) => [...job.streams]))
    const heads = recent.headsOf(streams)
    const settled = await settleAgainst(jobs, knowing(heads), {
      streams: [...streams].filter((name) => !heads.has(name)),
      ids: recent.suspectIds(jobs, Date.now()),
      keys: keysOf(jobs),
    })
    const isRefused = settled.settlement.outcomes.some((outcome) => 'refusal' in outcome)
    return isRefused ? settleAgainst(jobs, knowing(new Map()), everythingOf(jobs, streams)) : settled // M2
  }

  const write = async ({ settlement, heads }: Settled): Promise<Added> => {
    recent.noteIds(settlement)
    try {
      failpoints.append.beforeWrite.publish(undefined)
      const askedAtMs = performance.now()
      const { base, now } = await writeEvents(database, settlement, heads)
      failpoints.append.afterWrite.publish(undefined)
      clock.set(now, askedAtMs)
      recent.keepHeads(settlement)
      return { base, events: settlement.events }
    } catch (error) {
      recent.forgetHeads(heads.keys())
      throw error
    }
  }

  return async (jobs) => {
    const settled = await settleBatch(jobs)
    const { outcomes, events } = settled.settlement
    const added = events.length > 0 ? await write(settled) : undefined
    const base = added?.base ?? 0
    const answers = outcomes.map((outcome) =>
      'refusal' in outcome ? outcome : { receipts: outcome.receipts(base) },
    )
    return { answers, added }
  }
}

/** A batch that is settled, and the ends of its streams as they were believed to be. */
interface Settled {
  settlement: Settlement
  heads: ReadonlyMap<string, StreamHead>
}

function knowing(heads: Map<string, StreamHead>): Known {
  return { heads, byId: new Map(), byKey: new Map() }
}
