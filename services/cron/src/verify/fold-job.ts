import { type FoldBounds, type JournalReader, streamEvents } from '@daybook/eventing'
import { cronErasureOf, type JournalEvent, streamOfJob } from '@daybook/events'
import { evolveStates, type JobState, jobKey, type RunState } from '../jobs/job-states.ts'

/** A run as its events make it. */
interface FreshRun {
  readonly state: RunState
  /** Of its events. */
  readonly seqs: number[]
}

/** A job as its events make it. */
export interface FreshJob {
  readonly state: JobState | undefined
  readonly runs: ReadonlyMap<string, FreshRun>
  readonly events: number
  /** Whether the payload of this event is gone, or is told to go. */
  readonly isErased: (seq: number) => boolean
  /** Whether that is so of any of them. */
  readonly hasErased: boolean
}

/** By the same step as the read model, event by event. */
export async function foldJobAfresh(
  journal: JournalReader,
  { tenant, job, ...bounds }: FoldBounds & { job: string },
): Promise<FreshJob> {
  const runs = new Map<string, FreshRun>()
  const gone = new Set<number>()
  const told: ((seq: number) => boolean)[] = []
  let state: JobState | undefined
  let events = 0
  for await (const event of streamEvents(journal, { tenant, ...bounds, stream: streamOfJob(job) })) {
    const notice = cronErasureOf(event)
    if (notice !== undefined) told.push(notice.isErased)
    if (event.erased !== undefined) gone.add(event.seq)
    state = evolve(runs, state, event)
    events += 1
  }
  const isErased = (seq: number) => gone.has(seq) || told.some((isTold) => isTold(seq))
  return { state, runs, events, isErased, hasErased: gone.size > 0 || told.length > 0 }
}

function evolve(
  runs: Map<string, FreshRun>,
  before: JobState | undefined,
  event: JournalEvent,
): JobState | undefined {
  const stored = new Map<string, JobState>()
  if (before !== undefined) stored.set(jobKey(before.tenant, before.job), before)
  const changed = evolveStates(stored, [event])
  for (const state of changed.runs.values()) {
    const { run } = state.document
    const seqs = runs.get(run)?.seqs ?? []
    seqs.push(event.seq)
    runs.set(run, { state, seqs })
  }
  return changed.jobs.values().next().value ?? before
}
