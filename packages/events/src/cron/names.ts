/** The stream of a job. */
export function streamOfJob(job: string): string {
  return `cron/${job}`
}

/** The job of a stream; undefined for one of another kind. */
export function jobOfStream(stream: string): string | undefined {
  return stream.startsWith('cron/') ? stream.slice('cron/'.length) : undefined
}

/** The name of the run of a time: `20261122T030000.000Z`. */
export function runNameOfSlot(slot: string): string {
  return slot.replaceAll(/[-:]/g, '')
}

/** The run of a time that a backfill makes up for, whatever became of that time before. */
export function runNameOfBackfill(slot: string, backfillId: string): string {
  return `${runNameOfSlot(slot)}-${backfillId}`
}

/** The run that somebody wanted now; the same request again is the same run. */
export function runNameOfRequest(requestId: string): string {
  return `now-${requestId}`
}

/** The header key under which the first word on a time is journaled, so that there is no second one. */
export function slotKey(slot: string): string {
  return `slot:${slot}`
}

/** The stream of the run that an attempt starts. */
export function targetOf(job: string, run: string, attempt: number): string {
  return `run/cron:${job}:${run}${attempt === 1 ? '' : `:${attempt}`}`
}
