import type { JobDefinition, JsonObject } from '@daybook/events'
import { streamOfJob } from '@daybook/events'
import type { Entry } from '../../../packages/eventing/test/journal-fixture.ts'
import { jobDefinition } from '../../../packages/events/test/cron-story.ts'

/** A job, and whose it is. */
export interface Place {
  job: string
  tenant?: string
}

/** An instant of the day of these tests. */
export const at = (time: string): string => `2026-11-22T${time}:00.000Z`
/** An instant of the same day as a run's name. */
export const runAt = (time: string): string => `20261122T${time.replace(':', '')}00.000Z`

/** An event about a job, as the cron service appends it. */
export function about({ job, tenant }: Place, type: string, data: JsonObject): Entry {
  return { stream: streamOfJob(job), type, data, ...(tenant !== undefined && { tenant }) }
}

/** Every day at three, unless told. */
export function defined(place: Place, given: Partial<JobDefinition> = {}, time = '00:00'): Entry {
  return about(place, 'CRON_JOB_DEFINED', { at: at(time), definition: definitionOf(given) })
}

export function updated(place: Place, given: Partial<JobDefinition>, time: string): Entry {
  return about(place, 'CRON_JOB_UPDATED', { at: at(time), definition: definitionOf(given) })
}

function definitionOf(given: Partial<JobDefinition>): JsonObject {
  const schedule = { cron: '0 3 * * *', timezone: 'UTC', dst: 'vixie', domDow: 'or' } as const
  return { ...jobDefinition({ schedule, ...given }) }
}

/** An event about a run. */
export function aboutRun(place: Place, type: string, data: JsonObject & { run: string }): Entry {
  return { ...about(place, type, data), correlationId: data.run }
}

/** The run of a time began. */
export function started(place: Place, time: string, more: JsonObject = {}): Entry {
  const run = { run: runAt(time), slot: at(time), cause: 'slot', attempt: 1, at: at(time) }
  return aboutRun(place, 'CRON_RUN_STARTED', { ...run, ...more })
}

/** And ended, half a minute later unless told. */
export function finished(place: Place, time: string, more: JsonObject = {}): Entry {
  const ended = { run: runAt(time), at: `${at(time).slice(0, 17)}30.000Z`, status: 'succeeded' }
  return aboutRun(place, 'CRON_RUN_FINISHED', { ...ended, ...more })
}

/** That payloads of the job were erased: those of these seqs. */
export function erased(place: Place, seqs: readonly number[]): Entry {
  const ranges = seqs.map((seq) => ({ first: seq, last: seq }))
  return about(place, 'CRON_PAYLOADS_ERASED', { erasureId: '01K00000000000000000ERASE0', ranges })
}
