import type { JournalEvent } from '../envelope.ts'
import { type ErasureNotice, readNotice } from '../erasure/notice.ts'
import type { CronJob, CronRun } from './job.ts'
import { cronPayloadsErased } from './job-events.ts'

/** What a `CRON_PAYLOADS_ERASED` says; undefined for any other event. */
export function cronErasureOf(event: Pick<JournalEvent, 'type' | 'data'>): ErasureNotice | undefined {
  return readNotice(cronPayloadsErased.type, event)
}

/**
 * The job without what was erased: texts of people and of programs go; what became of its times stays. A job whose definition
 * is gone waits for a person to say it again.
 */
export function blankJob(
  job: CronJob | undefined,
  { isErased }: ErasureNotice,
): { job: CronJob | undefined; changed: readonly CronRun[] } {
  if (job === undefined) return { job, changed: [] }
  const { pause, problem, ...rest } = job
  const runs = job.runs.map((run) => blankRun(run, isErased))
  const blanked: CronJob = {
    ...rest,
    runs,
    ...(pause !== undefined && { pause: isErased(pause.seq) ? { at: pause.at, seq: pause.seq } : pause }),
    ...(problem !== undefined && { problem: isErased(problem.seq) ? { ...problem, message: '' } : problem }),
  }
  return { job: isErased(job.definedSeq) ? withoutDefinition(blanked) : blanked, changed: runs }
}

function withoutDefinition({ definition: _definition, ...job }: CronJob): CronJob {
  if (job.phase === 'deleted') return job
  const message = 'What the job is told was erased. Update it, or delete it.'
  const problem = { code: 'no-definition', message, at: job.updatedAt, seq: job.definedSeq }
  return { ...job, phase: 'set-aside', problem }
}

/** The run without what was erased: what it came to, and why it failed; that it ended, and how, stays. */
export function blankRun(run: CronRun, isErased: (seq: number) => boolean): CronRun {
  const { result, error, note, cancel, ...rest } = run
  const isEndErased = run.endedSeq !== undefined && isErased(run.endedSeq)
  return {
    ...rest,
    ...(result !== undefined && !isEndErased && { result }),
    ...(error !== undefined && !isEndErased && { error }),
    ...(note !== undefined && !isEndErased && { note }),
    ...(cancel !== undefined && { cancel: isErased(cancel.seq) ? withoutReason(cancel) : cancel }),
    failures: run.failures.map(({ error: why, ...failure }) =>
      why === undefined || isErased(failure.seq) ? failure : { ...failure, error: why },
    ),
  }
}

function withoutReason({ reason: _reason, ...cancel }: NonNullable<CronRun['cancel']>) {
  return cancel
}
