import type { Draft, JobDefinition, Receipt } from '@daybook/events'
import { jitterMsOf, jobOfStream } from '@daybook/events'
import type { Metrics } from '@daybook/runtime'

/** What was appended about a job, and by which jitter it starts. */
interface Told {
  readonly drafts: readonly Draft[]
  readonly receipts: readonly Receipt[]
  readonly definition: JobDefinition | undefined
}

/** What the scheduler counts of its own doing. */
export interface SchedulerMetrics {
  /** Of what time alone has made happen. */
  decided(told: Told): void
  setAside(code: string): void
  picked(jobs: number): void
  /** `together` or `alone`. */
  carriedOut(how: 'together' | 'alone', jobs: number): void
}

/** What is counted of decisions, by type. */
const KINDS: ReadonlyMap<string, string> = new Map([
  ['CRON_RUN_STARTED', 'started'],
  ['CRON_RUN_SKIPPED', 'skipped'],
  ['CRON_SLOTS_MISSED', 'missed'],
  ['CRON_RUN_QUEUED', 'queued'],
  ['CRON_RUN_HELD', 'held'],
  ['CRON_RUN_REPLACED', 'replaced'],
  ['CRON_RUN_RETRIED', 'retried'],
  ['CRON_RUN_TIMED_OUT', 'timed-out'],
])
/** From a disk's pace to a minute, which is still on time unless a job says otherwise. The goal is 100 ms. */
const LATENESS_BUCKETS_S = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]

export function observeScheduler(metrics: Metrics): SchedulerMetrics {
  const lateness = metrics.histogram({
    name: 'cron_start_lateness_seconds',
    help: 'From when a time of a schedule was due, jitter included, to when its start was recorded.',
    buckets: LATENESS_BUCKETS_S,
  })
  const decisions = metrics.counter({
    name: 'cron_decisions_total',
    help: 'What time alone made happen: starts, and times that were skipped, missed, queued or held.',
    labels: ['kind'],
  })
  const setAside = metrics.counter({
    name: 'cron_jobs_set_aside_total',
    help: 'Jobs that could not be decided about, by the code of what stood in the way.',
    labels: ['code'],
  })
  const picks = metrics.counter({
    name: 'cron_picks_total',
    help: 'Jobs that were read ahead of their time.',
  })
  const carriedOut = metrics.counter({
    name: 'cron_carried_out_total',
    help: 'Commands of the scheduler, by whether they shared a request with others.',
    labels: ['how'],
  })
  return {
    decided({ drafts, receipts, definition }) {
      for (const [index, draft] of drafts.entries()) {
        const kind = KINDS.get(draft.type)
        if (kind !== undefined) decisions.inc({ kind })
        const seconds = latenessOf(draft, receipts[index], definition)
        if (seconds !== undefined) lateness.observe(seconds)
      }
    },
    setAside: (code) => setAside.inc({ code }),
    picked: (jobs) => picks.inc(jobs),
    carriedOut: (how, jobs) => carriedOut.inc({ how }, jobs),
  }
}

/** Of a start that is the first word on a time of the schedule: what waited for another run was not late. */
function latenessOf(
  { type, key, data, stream }: Draft,
  receipt: Receipt | undefined,
  definition: JobDefinition | undefined,
): number | undefined {
  const { slot } = data
  if (type !== 'CRON_RUN_STARTED' || typeof slot !== 'string' || key?.startsWith('slot:') !== true)
    return undefined
  const name = jobOfStream(stream)
  if (receipt === undefined || name === undefined) return undefined
  const jitterMs = jitterMsOf({ name, slot, jitterMs: definition?.jitterMs ?? 0 })
  return Math.max(0, Date.parse(receipt.recordedAt) - Date.parse(slot) - jitterMs) / 1_000
}
