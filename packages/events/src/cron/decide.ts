import { DaybookError } from '@daybook/errors'
import { canonicalJson } from '../json/canonical.ts'
import type { CronCommand, CronCommandOf } from './command.ts'
import { decideRun } from './decide-run.ts'
import { decideWork } from './decide-work.ts'
import { Deciding } from './deciding.ts'
import type { CronDecision, TypedCronDecision } from './decision.ts'
import type { CronJob } from './job.ts'
import { runNameOfBackfill, runNameOfRequest } from './names.ts'
import { endForDeletion, request } from './requests.ts'
import { settle } from './settle.ts'

/**
 * The events that make a command true. None when there is nothing to do: a command that is repeated, a time that has not come.
 * Codes: `not-found`, `already-exists`, `conflict`, `invalid-transition`, `lease-lost`, and those of `slotsOf`.
 */
export function decideCron(job: CronJob | undefined, command: CronCommand): readonly CronDecision[] {
  if (command.name === 'define') return decideDefine(job, command)
  if (job === undefined) throw unknownJob()
  const deciding = new Deciding(job, command)
  decide(deciding, command)
  return deciding.decisions
}

function decide(deciding: Deciding, command: Exclude<CronCommand, { name: 'define' }>): void {
  switch (command.name) {
    case 'tick':
      return settle(deciding)
    case 'ended':
    case 'claim':
    case 'extend':
    case 'release':
    case 'finish':
      return decideWork(deciding, command)
    case 'update':
    case 'pause':
    case 'resume':
    case 'delete':
    case 'set-aside':
    case 'run-now':
    case 'backfill':
    case 'approve':
    case 'dismiss':
    case 'cancel':
      return deciding.job.phase === 'deleted'
        ? decideOnDeleted(deciding, command)
        : decideOnLive(deciding, command)
    default:
      return command satisfies never
  }
}

type OnLive = Exclude<
  CronCommand,
  { name: 'define' | 'tick' | 'ended' | 'claim' | 'extend' | 'release' | 'finish' }
>

/** A deletion that is repeated is done; what still runs can be cancelled. */
function decideOnDeleted(deciding: Deciding, command: OnLive): void {
  if (command.name === 'delete' || command.name === 'set-aside') return
  if (command.name !== 'cancel') throw unknownJob()
  decideRun(deciding, command)
}

function decideOnLive(deciding: Deciding, command: OnLive): void {
  switch (command.name) {
    case 'update':
      return decideUpdate(deciding, command)
    case 'pause':
    case 'resume':
    case 'delete':
      return decidePhase(deciding, command)
    case 'set-aside': {
      const { code, message, now: at } = command
      if (deciding.job.phase === 'active')
        deciding.add({ type: 'CRON_JOB_SET_ASIDE', data: { at, code, message } })
      return
    }
    case 'run-now':
      return request(deciding, [{ run: runNameOfRequest(command.requestId), cause: 'now' }])
    case 'backfill': {
      const { backfillId, slots } = command
      const runs = slots.map((slot) => ({ run: runNameOfBackfill(slot, backfillId), slot }))
      return request(
        deciding,
        runs.map((run) => ({ ...run, cause: 'backfill' as const })),
      )
    }
    case 'approve':
    case 'dismiss':
    case 'cancel':
      return decideRun(deciding, command)
    default:
      return command satisfies never
  }
}

/** Said again, it is the same job. */
function decideDefine(
  job: CronJob | undefined,
  { now, definition }: CronCommandOf<'define'>,
): readonly TypedCronDecision[] {
  if (job === undefined || job.phase === 'deleted') {
    // Where the clock was put back, what a deleted job of that name has decided stays decided.
    const at = job !== undefined && job.decidedUpTo > now ? job.decidedUpTo : now
    return [{ type: 'CRON_JOB_DEFINED', data: { at, definition } }]
  }
  if (isSame(job, definition)) return []
  const message = `There is another job ${job.name}. Update that one, or give this one a name of its own.`
  throw new DaybookError('already-exists', message, { details: { job: job.name } })
}

/** What is due by the old definition is decided by it. */
function decideUpdate(
  deciding: Deciding,
  { now: at, definition, ifRevision }: CronCommandOf<'update'>,
): void {
  const { name, definedSeq, phase } = deciding.job
  if (isSame(deciding.job, definition) && phase !== 'set-aside') return
  if (ifRevision !== undefined && ifRevision !== definedSeq) {
    const message = `The job ${name} was changed in the meantime: its revision is ${definedSeq}, not ${ifRevision}. Look at it, and change it again.`
    throw new DaybookError('conflict', message, { details: { job: name, revision: definedSeq } })
  }
  if (phase === 'active') settle(deciding)
  deciding.add({ type: 'CRON_JOB_UPDATED', data: { at, definition } })
}

/** What is due when it is paused is decided before; what is due when it is resumed has been missed by then, or is on time. */
function decidePhase(deciding: Deciding, command: CronCommandOf<'pause' | 'resume' | 'delete'>): void {
  const { now: at, reason } = command
  const { phase, name } = deciding.job
  const data = { at, ...(reason !== undefined && { reason }) }
  if (command.name === 'delete') {
    endForDeletion(deciding)
    return deciding.add({ type: 'CRON_JOB_DELETED', data })
  }
  if (command.name === 'resume') {
    if (phase === 'active') return
    if (deciding.job.definition === undefined) throw withoutDefinition(name)
    deciding.add({ type: 'CRON_JOB_RESUMED', data })
    return settle(deciding)
  }
  if (phase === 'paused') return
  if (phase === 'active') settle(deciding)
  deciding.add({ type: 'CRON_JOB_PAUSED', data })
}

function isSame({ definition }: CronJob, other: CronJob['definition']): boolean {
  return definition !== undefined && other !== undefined && canonicalJson(definition) === canonicalJson(other)
}

function unknownJob(): DaybookError {
  return new DaybookError('not-found', 'There is no such job. GET /v1/cron/jobs lists them.')
}

function withoutDefinition(job: string): DaybookError {
  const message = `What the job ${job} is told is gone. Update it instead: that resumes it too.`
  return new DaybookError('invalid-transition', message, { details: { job } })
}
