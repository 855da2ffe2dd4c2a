import { blankRun, type CronJob } from '@daybook/events'

/** What a job may still say where the payloads of some of its events are gone. The same as before, if it says no more. */
export function blanked(job: CronJob, isErased: (seq: number) => boolean): CronJob {
  const { definition, pause, problem, ...rest } = job
  return {
    ...rest,
    runs: job.runs.map((run) => blankRun(run, isErased)),
    ...(definition !== undefined && !isErased(job.definedSeq) && { definition }),
    ...(pause !== undefined && { pause: isErased(pause.seq) ? { at: pause.at, seq: pause.seq } : pause }),
    ...(problem !== undefined && { problem: isErased(problem.seq) ? withoutWords(problem) : problem }),
  }
}

/** That there is no definition any more is told by a text of ours, not by one of the event. */
function withoutWords(problem: NonNullable<CronJob['problem']>): NonNullable<CronJob['problem']> {
  return problem.code === 'no-definition' ? problem : { ...problem, message: '' }
}
