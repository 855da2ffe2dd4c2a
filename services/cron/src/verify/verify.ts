import {
  asJson,
  type FoldBounds,
  type FoundDifference,
  findMissingStream,
  journalReader,
  type PayloadArchive,
  type RowsVerification,
} from '@daybook/eventing'
import { streamOfJob } from '@daybook/events'
import { sql, type Transaction } from 'kysely'
import type { Timetable } from '../jobs/times.ts'
import { findStrayRun, listStoredJobs, listStoredRuns } from '../store/verify.ts'
import { compareJob, compareRun } from './compare.ts'
import { type FreshJob, foldJobAfresh } from './fold-job.ts'

const RUNS_PER_PAGE = 500

type StoredRow = Awaited<ReturnType<typeof listStoredJobs>>[number]

/** How jobs and their runs are compared with a fresh fold of the journal; see `verifyRows`. */
export function jobsVerification<DB>({
  archive,
  timetable,
}: {
  archive: PayloadArchive
  timetable: Timetable
}): RowsVerification<DB, StoredRow> {
  return {
    kind: 'cron',
    none: { jobs: 0, runs: 0, events: 0 },
    list: listStoredJobs,
    idOf: ({ job }) => job,
    async compare(trx, stored, bounds) {
      const { job } = stored
      const fold = await foldJobAfresh(journalReader(trx, archive), { job, ...bounds })
      const compared = compareJob(fold, stored, timetable)
      const inRuns = await compareRuns(trx, fold, { tenant: bounds.tenant, job })
      const difference = inRuns.difference ?? (compared && { where: {}, ...compared })
      return {
        counts: { jobs: 1, runs: inRuns.count, events: fold.events },
        difference: difference && { ...difference, where: { job, ...difference.where } },
      }
    },
    compareWhole,
  }
}

/** The rows of the job's runs. Those of runs that have ended go in time; what an erased one is now, its events do not tell. */
async function compareRuns<DB>(
  trx: Transaction<DB>,
  fold: FreshJob,
  { tenant, job }: { tenant: string; job: string },
): Promise<{ count: number; difference: FoundDifference | undefined }> {
  const missing = new Map(fold.runs)
  let count = 0
  for (let after = ''; ; ) {
    const page = await listStoredRuns(trx, { tenant, job, after, limit: RUNS_PER_PAGE })
    for (const stored of page) {
      count += 1
      const difference = compareRun(fold, stored)
      if (difference !== undefined)
        return { count, difference: { where: { run: stored.run }, ...difference } }
      missing.delete(stored.run)
    }
    const last = page.at(-1)
    if (last === undefined) break
    after = last.run
  }
  for (const [run, { state, seqs }] of missing) {
    if (state.document.endedSeq !== undefined || seqs.some(fold.isErased)) continue
    const difference = { where: { run }, path: '', expected: asJson(state.document), stored: null }
    return { count, difference }
  }
  return { count, difference: undefined }
}

/** What no comparison of one job finds: jobs without a row, and runs without a job. */
async function compareWhole<DB>(
  trx: Transaction<DB>,
  { tenant, position }: Omit<FoldBounds, 'seqMax'>,
): Promise<FoundDifference | undefined> {
  const missing = await findMissingStream(trx, {
    tenant,
    position,
    kind: 'cron',
    table: 'jobs',
    column: 'job',
    only: isDefined(position),
  })
  if (missing !== undefined) {
    const expected = `a job of the journal, ${streamOfJob(missing)}`
    return { where: { job: missing }, path: '', expected, stored: null }
  }
  const stray = await findStrayRun(trx, tenant)
  const stored = 'a run of a job that has no row'
  return stray && { where: { ...stray }, path: '', expected: null, stored }
}

/** Rows of deleted jobs go in time, and what was never defined has none. */
function isDefined(position: number) {
  return sql`(
    select type from journal.events said
    where said.position between journaled.first_position and least(journaled.last_position, ${position})
      and (said.tenant, said.stream) = (journaled.tenant, journaled.stream)
      and said.type in ('CRON_JOB_DEFINED', 'CRON_JOB_DELETED')
    order by said.seq desc limit 1
  ) = 'CRON_JOB_DEFINED'`
}
