import { asJson, type Difference, firstDifference } from '@daybook/eventing'
import { blankRun } from '@daybook/events'
import type { RunState } from '../jobs/job-states.ts'
import { claimAtOf } from '../jobs/run-columns.ts'
import { shownStateOf, type Timetable, timesOf } from '../jobs/times.ts'
import { keptBy } from '../store/jobs.ts'
import type { StoredJob, StoredRun } from '../store/verify.ts'
import { blanked } from './blanked.ts'
import type { FreshJob } from './fold-job.ts'

/**
 * What of a stored job is not as the fresh fold of its events has it. What an erased event said, whoever applied it before
 * knows and whoever folds it now does not: then it is compared that the same events were applied, that nothing is left of
 * what is erased, and that the columns are those of the document.
 */
export function compareJob(
  fresh: FreshJob,
  stored: StoredJob & { endedRuns: number },
  { slotsOf, tzdata }: Timetable,
): Difference | undefined {
  const { state: expected, hasErased, isErased } = fresh
  const { document, columns, endedRuns } = stored
  if (expected === undefined) return { path: '', expected: null, stored: asJson(document) }
  const job = hasErased ? blanked(document, isErased) : expected.document
  // Times that were found with other time zone data may be others; they are found anew in time.
  const times = timesOf(job, slotsOf)
  const isComparable = stored.tzdata === tzdata
  const { dueAt, nextAt } = isComparable ? times : columns
  return firstDifference(
    asJson({
      job,
      columns: {
        phase: job.phase,
        state: isComparable ? shownStateOf(job, times) : columns['state'],
        seq: expected.seq,
        lastEventId: expected.lastEventId,
        dueAt,
        nextAt,
        openRuns: job.runs.length,
        endedRuns,
        ...keptBy(job),
        createdAt: job.createdAt,
        updatedAt: job.updatedAt,
      },
    }),
    asJson({ job: document, columns }),
  )
}

/** Likewise of a stored run. What its job did when it was erased what that is, the row alone knows. */
export function compareRun(fold: FreshJob, stored: StoredRun): Difference | undefined {
  const fresh = fold.runs.get(stored.run)
  const { document, columns } = stored
  if (fresh === undefined) return { path: '', expected: null, stored: asJson(document) }
  const { run, decidedSeq, lastSeq } = fresh.state.document
  const isUncertain = fresh.seqs.some(fold.isErased)
  const known = isUncertain
    ? { ...blankRun(document, fold.isErased), run, decidedSeq, lastSeq }
    : fresh.state.document
  const { action: told, claimAt } = columns
  const state: RunState = { ...fresh.state, document: known }
  const byAction = fold.hasErased
    ? { action: told, claimAt }
    : { action: state.action ?? null, claimAt: claimAtOf(state) }
  return firstDifference(
    asJson({
      run: known,
      columns: {
        state: known.state,
        slot: known.slot ?? null,
        cause: known.cause,
        decidedAt: known.decidedAt,
        decidedSeq: known.decidedSeq,
        endedAt: known.endedAt ?? null,
        endedSeq: known.endedSeq ?? null,
        target: known.target ?? null,
        ...byAction,
      },
    }),
    asJson({ run: document, columns }),
  )
}
