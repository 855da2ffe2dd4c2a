import {
  type CronAction,
  type CronJob,
  type CronRun,
  evolveCron,
  type JournalEvent,
  jobOfStream,
} from '@daybook/events'

/** Which job; names are unique within a tenant. */
export interface JobKey {
  readonly tenant: string
  readonly job: string
}

/** A job of the read model, and up to which event of its stream it is applied. */
export interface JobState extends JobKey {
  readonly document: CronJob
  readonly seq: number
  readonly lastEventId: string
}

/** A run of the read model, open or ended. */
export interface RunState extends JobKey {
  readonly document: CronRun
  /** What its job does, as that was told when the run was changed last; undefined once that was erased. */
  readonly action: CronAction['do'] | undefined
}

/** What is to be written, by the names of `jobKey` and `runKey`. */
export interface ChangedStates {
  readonly jobs: ReadonlyMap<string, JobState>
  readonly runs: ReadonlyMap<string, RunState>
}

/** The key of a map. No text of an event can hold a NUL, so two jobs never have the same one. */
export function jobKey(tenant: string, job: string): string {
  return `${tenant}\u0000${job}`
}

/** Likewise of a run. */
function runKey({ tenant, job }: JobKey, run: string): string {
  return `${jobKey(tenant, job)}\u0000${run}`
}

/** The jobs that the events are about. */
export function jobKeysOf(events: Iterable<JournalEvent>): Map<string, JobKey> {
  const keys = new Map<string, JobKey>()
  for (const { tenant, stream } of events) {
    const job = jobOfStream(stream)
    if (job !== undefined) keys.set(jobKey(tenant, job), { tenant, job })
  }
  return keys
}

/** What the events make of the jobs that were stored, and of their runs. */
export function evolveStates(
  stored: ReadonlyMap<string, JobState>,
  events: Iterable<JournalEvent>,
): ChangedStates {
  const jobs = new Map<string, JobState>()
  const runs = new Map<string, RunState>()
  for (const event of events) {
    const { tenant, seq, id: lastEventId } = event
    const name = jobOfStream(event.stream)
    if (name === undefined) continue
    const key = { tenant, job: name }
    const before = jobs.get(jobKey(tenant, name)) ?? stored.get(jobKey(tenant, name))
    const { job, changed } = evolveCron(before?.document, event)
    if (job === undefined) continue
    jobs.set(jobKey(tenant, name), { ...key, document: job, seq, lastEventId })
    for (const state of statesOf(key, { before: before?.document, after: job, changed }))
      runs.set(runKey(key, state.document.run), state)
  }
  return { jobs, runs }
}

/** The rows of open runs tell what the job does, so a new definition changes them too. */
function statesOf(
  key: JobKey,
  { before, after, changed }: { before: CronJob | undefined; after: CronJob; changed: readonly CronRun[] },
): RunState[] {
  const action = after.definition?.action.do
  const isOther = action !== before?.definition?.action.do
  return [...(isOther ? after.runs : []), ...changed].map((document) => ({ ...key, document, action }))
}
