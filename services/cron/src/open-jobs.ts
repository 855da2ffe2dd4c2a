import type { Clock } from '@daybook/database'
import {
  type PayloadArchive,
  type Projection,
  type ProjectionSpec,
  type ServedProjection,
  serveProjection,
} from '@daybook/eventing'
import type { HttpPlugin, Metrics } from '@daybook/runtime'
import { cronProjection } from './cron-projection.ts'
import { startMaintenance } from './maintenance.ts'
import { observeStates } from './observe-states.ts'
import { listJobsRoute, showJobRoute } from './reads/jobs-routes.ts'
import { nextRoute } from './reads/next-route.ts'
import { previewRoute } from './reads/preview-route.ts'
import { listRunsRoute, showRunRoute } from './reads/runs-routes.ts'
import type { ScheduleReader } from './schedule/reader.ts'
import { jobsVerification } from './verify/verify.ts'

/** What the read model of jobs takes. */
export type JobsParts = Pick<
  ProjectionSpec<unknown>,
  'database' | 'consumer' | 'logger' | 'metrics' | 'tracing' | 'compareMs'
> & {
  archive: PayloadArchive
  schedules: ScheduleReader
  /** The version of the time zone data that `schedules` go by. */
  tzdata: string
  /** By which runs ended. */
  clock: Clock
  /** Where it tells what there is to do. */
  registry: Metrics
  /** How often it looks for what is to be cleared away. */
  clearEveryMs?: number | undefined
}

/** The read model of jobs at work. Disposing it ends the projection. */
export interface Jobs extends AsyncDisposable {
  readonly projection: Projection<unknown>
  readonly served: ServedProjection<unknown>
  readonly plugins: HttpPlugin[]
}

/** Starts the projection of jobs and what keeps it within its limits, and makes the doors for reading. */
export function openJobs({ schedules, tzdata, clock, registry, clearEveryMs, ...parts }: JobsParts): Jobs {
  const stack = new AsyncDisposableStack()
  const { database, logger, archive } = parts
  const timetable = { slotsOf: schedules.slotsOf, tzdata }
  const spec = { ...parts, ...cronProjection(timetable) }
  const served = stack.use(serveProjection(spec, jobsVerification({ archive, timetable })))
  const { projection } = served
  const every = clearEveryMs === undefined ? {} : { everyMs: clearEveryMs }
  stack.use(startMaintenance({ database, timetable, clock, logger, ...every }))
  observeStates(registry, { database, clock })
  const previewing = { preview: schedules.preview, tzdata, clock }
  return {
    projection,
    served,
    plugins: [
      listJobsRoute(projection),
      showJobRoute(projection),
      listRunsRoute(projection),
      showRunRoute(projection),
      nextRoute(projection, previewing),
      previewRoute(previewing),
    ],
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}
