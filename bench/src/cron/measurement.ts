import { type BenchJob, EVERY_SECONDS, jobsOfSeconds, jobsOverSeconds } from './jobs.ts'
import type { CronPlan } from './plan.ts'
import type { MeasurementName } from './result.ts'
import type { Stretch } from './watch.ts'

/** One measurement of Daybook. Its name begins the names of its jobs. */
export interface Measurement {
  name: MeasurementName
  /** Whether it is a subscriber that hears of a start, or a worker that claims the run and ends it. */
  action: 'publish' | 'deliver'
  /** Of the cron service. */
  instances: number
  jobs: number
  /** The jobs whose first time is that instant, and in which stretches they are due. */
  prepare: (firstMs: number) => { jobs: BenchJob[]; stretches: Stretch[] }
}

export function measurementsOf({ due, seconds, spread, instances }: CronPlan): Measurement[] {
  const together = (measurement: Pick<Measurement, 'name' | 'action' | 'instances'>): Measurement => ({
    ...measurement,
    jobs: due,
    prepare: (firstMs) => ({
      jobs: jobsOfSeconds(measurement, { count: due, firstMs, seconds }),
      stretches: Array.from({ length: seconds }, (_, index) => {
        const atMs = firstMs + index * EVERY_SECONDS * 1_000
        return { firstMs: atMs, lastMs: atMs }
      }),
    }),
  })
  return [
    together({ name: 'together', action: 'publish', instances: 1 }),
    together({ name: 'worked', action: 'deliver', instances: 1 }),
    {
      name: 'spread',
      action: 'publish',
      instances: 1,
      jobs: spread.jobs,
      prepare: (firstMs) => ({
        jobs: jobsOverSeconds('spread', { ...spread, firstMs }),
        stretches: [{ firstMs, lastMs: firstMs + (spread.seconds - 1) * 1_000 }],
      }),
    },
    together({ name: 'instances', action: 'publish', instances }),
  ]
}
