import { DaybookError } from '@daybook/errors'

export function noSuchJob(job: string): DaybookError {
  const message = `There is no job ${job}: it was never defined, or it was deleted longer ago than it kept its runs.`
  return new DaybookError('not-found', message, { details: { job } })
}

export function noSuchRun(job: string, run: string): DaybookError {
  const message = `Job ${job} has no run ${run}: it never had, or the run ended longer ago than the job keeps its runs.`
  return new DaybookError('not-found', message, { details: { job, run } })
}
