export const JOBS_PATH = '/v1/cron/jobs'

/** Of one job, or of a part of it. */
export function jobPath(name: string, part?: string): string {
  const path = `${JOBS_PATH}/${encodeURIComponent(name)}`
  return part === undefined ? path : `${path}/${part}`
}

/** Of one run of a job, or of what can be done to it. */
export function runPath(name: string, run: string, part?: string): string {
  const path = jobPath(name, `runs/${encodeURIComponent(run)}`)
  return part === undefined ? path : `${path}/${part}`
}
