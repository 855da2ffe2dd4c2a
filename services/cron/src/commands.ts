import type { Clock, Database } from '@daybook/database'
import {
  type Appender,
  type Author,
  decideLoop,
  type Executed,
  type PayloadArchive,
  type Projection,
  type RememberedStates,
  rememberStates,
  streamReader,
  streamTurns,
} from '@daybook/eventing'
import { type CronCommand, type CronJob, type CronRun, streamOfJob } from '@daybook/events'
import { cronDecider } from './cron-decider.ts'
import { recallJob } from './recall.ts'

export interface CommandParts<DB> {
  readonly database: Database<DB>
  /** The read model of jobs. */
  readonly projection: Projection<DB>
  readonly archive: PayloadArchive
  readonly append: Appender
  readonly clock: Clock
  readonly slotsOf: CronCommand['slotsOf']
  readonly remembered: RememberedStates<CronJob | undefined>
}

/** A job that this instance has changed, up to which of its events. */
export interface ChangedJob {
  readonly tenant: string
  readonly job: string
  readonly seq: number
  readonly position: number
  /** By the journal's clock. */
  readonly at: string
  /** After the change. */
  readonly state: CronJob | undefined
}

type WithoutCircumstances<Command> = Command extends unknown
  ? Omit<Command, 'now' | 'slotsOf' | 'chance'>
  : never

/** A command without what the service adds to it. */
export type CronWish = WithoutCircumstances<CronCommand>

/** What somebody wants of one job. */
interface JobRequest {
  readonly author: Author
  readonly job: string
  readonly wish: CronWish
}

/** What became of it. */
export interface JobOutcome extends Executed<CronJob | undefined> {
  /** With the moment at which it was decided. */
  readonly command: CronCommand
  /** Each run that an event changed which was read or made for it, as it was after that; among them those that ended. */
  readonly changed: ReadonlyMap<string, CronRun>
}

export interface CronCommands {
  /** Codes: those of `decideCron` and of `decideLoop`. */
  execute(request: JobRequest): Promise<JobOutcome>
  /** A job as it is now, with what others have done to it. */
  look(author: Author, job: string): Promise<CronJob | undefined>
  /** Tells of what this instance has appended without `execute`. */
  changed(changed: ChangedJob): void
  /** Told of whatever this instance changes; the answer ends that. */
  onChanged(listener: (changed: ChangedJob) => void): () => void
}

/** Some ten thousand jobs with a few runs each. */
const REMEMBERED_BYTES_MAX = 64 * 1024 * 1024
/** Of a job without its definition, and of a run without what was said of it. */
const JOB_BYTES = 1_024
const RUN_BYTES = 1_024

/** Where the states of jobs are kept from one command to the next. */
export function rememberJobs(): RememberedStates<CronJob | undefined> {
  return rememberStates<CronJob | undefined>({ weightMax: REMEMBERED_BYTES_MAX, weigh: weigher() })
}

/**
 * Carries out commands on jobs. What this instance did last it remembers; what others did is found in the read model and in the
 * journal.
 */
export function cronCommands<DB>(parts: CommandParts<DB>): CronCommands {
  const { projection, append, remembered } = parts
  const read = streamReader(parts.database, parts.archive)
  const turns = streamTurns()
  const listeners = new Set<(changed: ChangedJob) => void>()
  const tell = (changed: ChangedJob): void => {
    for (const listener of listeners) listener(changed)
  }
  const loopFor = (tenant: string, job: string) => {
    const recall = () => recallJob(projection, { tenant, job })
    return { read, append, recall, remembered }
  }
  const carryOut = async ({ author, job, wish }: JobRequest): Promise<JobOutcome> => {
    const stream = streamOfJob(job)
    const changed = new Map<string, CronRun>()
    const decider = cronDecider(job, (run) => changed.set(run.run, run))
    const decide = decideLoop<CronJob | undefined, CronCommand>(loopFor(author.tenant, job), decider)
    const command: CronCommand = {
      ...wish,
      now: await parts.clock.now(),
      slotsOf: parts.slotsOf,
      chance: Math.random(),
    }
    const done = await decide({ caller: author, stream, command })
    const last = done.receipts.findLast((receipt) => receipt.stream === stream)
    if (last !== undefined) {
      const { seq, position, recordedAt: at } = last
      tell({ tenant: author.tenant, job, seq, position, at, state: done.state })
    }
    return { ...done, command, changed }
  }
  return {
    execute: (request) => turns.alone(nameOf(request.author, request.job), () => carryOut(request)),
    async look(author, job) {
      const only = { ...cronDecider(job), decide: () => [] }
      const decide = decideLoop<CronJob | undefined, null>(loopFor(author.tenant, job), only)
      return (await decide({ caller: author, stream: streamOfJob(job), command: null })).state
    },
    changed: tell,
    onChanged(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** By the length of what was said, which is measured once: what does not change keeps it. */
function weigher(): (job: CronJob | undefined) => number {
  const measured = new WeakMap<object, number>()
  const lengthOf = (value: object): number => {
    const length = measured.get(value) ?? JSON.stringify(value).length
    measured.set(value, length)
    return length
  }
  return (job) => {
    if (job === undefined) return JOB_BYTES
    const { definition = {}, runs } = job
    let bytes = JOB_BYTES + lengthOf(definition)
    for (const { failures } of runs) bytes += RUN_BYTES + lengthOf(failures)
    return bytes
  }
}

function nameOf({ tenant }: Author, job: string): string {
  return `${tenant} ${job}`
}
