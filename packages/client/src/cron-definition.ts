import type { CronAction, JobDefinition, Schedule } from '@daybook/events'

/** The members of these names may be left out, each of a union for itself. */
type WithDefaults<Whole, Name extends string> = Whole extends unknown
  ? Omit<Whole, Name> & Partial<Pick<Whole, Extract<keyof Whole, Name>>>
  : never

/** When a job runs: `{ cron, timezone }`, `{ everyMs }` or `{ at }`. */
export type ScheduleInput = WithDefaults<Schedule, 'timezone' | 'dst' | 'domDow'>
/** What a run does, by `do`: append, run, publish or deliver. */
export type ActionInput = WithDefaults<CronAction, 'leaseMs'>

/** Everything that a job can be told beside when it runs and what it does. What is left out has its default. */
type JobOptions = Partial<Omit<JobDefinition, 'schedule' | 'action' | 'retry'>> & {
  readonly retry?: Partial<JobDefinition['retry']>
}

export interface NewJob extends JobOptions {
  /** What it is known by: letters, digits, `_` and `-`. */
  readonly name: string
  readonly schedule: ScheduleInput
  readonly action: ActionInput
}

/** What may be taken away. */
type Optional = 'description' | 'startAt' | 'endAt' | 'maxRuns' | 'timeoutMs'

/** What is to be otherwise; null takes a member away. */
export type JobChange = Partial<Omit<NewJob, 'name' | Optional>> & {
  readonly [Name in Optional]?: NewJob[Name] | null
} & {
  /** Only if the job still has this revision. Code: `conflict`. */
  readonly ifRevision?: number
}
