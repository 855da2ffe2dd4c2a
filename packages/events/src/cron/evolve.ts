import type { JournalEvent } from '../envelope.ts'
import { canonicalJson } from '../json/canonical.ts'
import { objectOf, texts } from '../run/read.ts'
import { Validator } from '../validator.ts'
import { type JobDefinition, jobDefinitionSchema } from './definition.ts'
import { blankJob, cronErasureOf } from './erased.ts'
import { evolveRun } from './evolve-run.ts'
import type { CronJob, CronRun } from './job.ts'
import { jobOfStream } from './names.ts'

/** What of an event tells what happened. */
export type CronHappening = Pick<
  JournalEvent,
  'stream' | 'type' | 'data' | 'seq' | 'recordedAt' | 'correlationId'
>

/** A job after an event, and the runs that the event changed; those that it ended are no longer among the job's own. */
export interface EvolvedCron {
  readonly job: CronJob | undefined
  readonly changed: readonly CronRun[]
}

const definitions = new Validator(jobDefinitionSchema)
const NOTHING_COUNTED = {
  started: 0,
  succeeded: 0,
  failed: 0,
  timedOut: 0,
  cancelled: 0,
  skipped: 0,
  missed: 0,
}

/**
 * The job after an event. Pure and total. An event whose payload was erased counts by its type, and by the run that its
 * `correlationId` names. A job whose definition was erased waits for a person to say it again.
 */
export function evolveCron(job: CronJob | undefined, event: CronHappening): EvolvedCron {
  const name = jobOfStream(event.stream)
  if (name === undefined) return { job, changed: [] }
  const notice = cronErasureOf(event)
  if (notice !== undefined) return blankJob(job, notice)
  if (event.type === 'CRON_JOB_DEFINED') return { job: defined(job, name, event), changed: [] }
  if (job === undefined) return { job, changed: [] }
  const { at: updatedAt } = whenOf(event)
  if (event.type.startsWith('CRON_JOB_'))
    return { job: { ...evolvePhase(job, event), updatedAt }, changed: [] }
  return evolveRun({ ...job, updatedAt }, { ...event, at: updatedAt })
}

/** By the clock that decided it; by the journal's where that is not said any more. */
function whenOf({ data, recordedAt }: CronHappening): { at: string } {
  const { at = recordedAt } = texts(data, ['at'])
  return { at }
}

function definitionOf({ data }: CronHappening): JobDefinition | undefined {
  const definition: unknown = data['definition']
  return definitions.check(definition) ? definition : undefined
}

/** What still runs of a deleted job of the same name goes on; its times are none of the new one. */
function defined(before: CronJob | undefined, name: string, event: CronHappening): CronJob {
  const { at } = whenOf(event)
  const job: CronJob = {
    name,
    phase: 'active',
    definedSeq: event.seq,
    createdAt: at,
    updatedAt: at,
    decidedUpTo: at,
    slotRuns: 0,
    runs: before?.runs ?? [],
    counts: NOTHING_COUNTED,
  }
  return withDefinition(job, event)
}

/** A definition that cannot be read is none: nothing is done by it. */
function withDefinition(
  { definition: _before, problem: _problem, ...job }: CronJob,
  event: CronHappening,
): CronJob {
  const definition = definitionOf(event)
  const { at } = whenOf(event)
  const { seq } = event
  if (definition !== undefined) return { ...job, definition, definedSeq: seq }
  const message = 'What the job is told cannot be read any more. Update it, or delete it.'
  return { ...job, phase: 'set-aside', definedSeq: seq, problem: { code: 'no-definition', message, at, seq } }
}

function evolvePhase(job: CronJob, event: CronHappening): CronJob {
  const { at } = whenOf(event)
  const { data, seq } = event
  const { pause: _pause, problem: _problem, ...rest } = job
  switch (event.type) {
    case 'CRON_JOB_UPDATED':
      return updated(job, event)
    case 'CRON_JOB_PAUSED':
      return { ...rest, phase: 'paused', pause: { ...texts(data, ['reason']), at, seq } }
    case 'CRON_JOB_RESUMED':
      return job.definition === undefined ? job : { ...rest, phase: 'active' }
    case 'CRON_JOB_SET_ASIDE': {
      const { code = '', message = '' } = texts(data, ['code', 'message'])
      return { ...job, phase: 'set-aside', problem: { code, message, at, seq } }
    }
    case 'CRON_JOB_DELETED':
      return { ...rest, phase: 'deleted' }
    default:
      return job
  }
}

/** A new schedule counts from its update on. One that was set aside is tried again. */
function updated(job: CronJob, event: CronHappening): CronJob {
  const { at } = whenOf(event)
  const schedule = objectOf(objectOf(event.data, 'definition'), 'schedule')
  const isOther = canonicalJson(job.definition?.schedule ?? {}) !== canonicalJson(schedule)
  const decidedUpTo = isOther ? latest(job.decidedUpTo, at) : job.decidedUpTo
  const phase = job.phase === 'set-aside' ? 'active' : job.phase
  return withDefinition({ ...job, phase, decidedUpTo }, event)
}

function latest(one: string, other: string): string {
  return one > other ? one : other
}
