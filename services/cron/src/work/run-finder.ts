import { openWorkFinder, type WorkFinder } from '@daybook/eventing'
import type { Logger } from '@daybook/runtime'
import type { ChangedJob } from '../commands.ts'
import {
  type ClaimableParts,
  type ClaimableRun,
  claimableOf,
  listClaimable,
  type RunFilter,
} from './claimable.ts'

/** Hands out runs to the callers of this instance. */
export type RunFinder = WorkFinder<RunFilter, ClaimableRun, ClaimableRun>

/** Starts to find work. It never throws: while the database does not answer, seekers wait. */
export function openRunFinder<DB>(parts: ClaimableParts<DB> & { readonly logger: Logger }): RunFinder {
  return openWorkFinder<RunFilter, ClaimableRun, ClaimableRun>({
    due: (filter, limit) => listClaimable(parts, { filter, limit }),
    nameOf: nameOfRun,
    nameOfFilter: ({ tenant, job = '*' }) => `${tenant} ${job}`,
    isMeant: (run, { tenant, job }) => run.tenant === tenant && (job === undefined || run.job === job),
    logger: parts.logger,
  })
}

/** Tells of a job that this instance has just changed; answers the runs of it that nobody here was waiting for. */
export function knowRuns(finder: RunFinder, { tenant, job, state }: ChangedJob): ClaimableRun[] {
  const names = (state?.runs ?? []).map(({ run }) => nameOfRun({ tenant, job, run }))
  return finder.know(names, claimableOf(tenant, state))
}

/** None of the three can hold a space. */
function nameOfRun({ tenant, job, run }: Pick<ClaimableRun, 'tenant' | 'job' | 'run'>): string {
  return `${tenant} ${job} ${run}`
}
