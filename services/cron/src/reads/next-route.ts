import type { Clock } from '@daybook/database'
import { DaybookError } from '@daybook/errors'
import { closed, minPosition, type Projection, readModel } from '@daybook/eventing'
import { type CronJob, cronJobSchema, isInstant, type Schedule } from '@daybook/events'
import type { HttpPlugin } from '@daybook/runtime'
import { type Static, Type } from 'typebox'
import type { PreviewAsked } from '../schedule/preview.ts'
import type { ScheduleReader } from '../schedule/reader.ts'
import { findJob } from '../store/list-jobs.ts'
import { noSuchJob } from './no-such.ts'
import { jobParams } from './parameters.ts'

export interface PreviewParts {
  readonly preview: ScheduleReader['preview']
  readonly tzdata: string
  readonly clock: Clock
}

const SHOWN_DEFAULT = 10

/** How many times, and after which instant. */
export const previewFields = {
  n: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: SHOWN_DEFAULT })),
  from: Type.Optional(
    Type.Unsafe<string>({
      ...cronJobSchema.properties.createdAt,
      description: 'Times after this instant; after now unless told',
    }),
  ),
}

/** The answer to both ways of asking. */
export const previewSchema = Type.Object({
  next: Type.Array(
    Type.Object({
      at: Type.String(),
      local: Type.String({ description: 'By the clocks of the time zone: 2026-03-29 03:00:00 +02:00' }),
      note: Type.Optional(Type.String({ description: 'What a change of the clocks does to it' })),
    }),
  ),
  timezone: Type.Optional(Type.String()),
  tzdata: Type.String({ description: 'The version of the time zone data that these were found with' }),
})

/** `GET /v1/cron/jobs/{job}/next`. Codes: `not-found`, `position-not-reached`, `invalid-schedule`, `unknown-timezone`. */
export function nextRoute<DB>(projection: Projection<DB>, parts: PreviewParts): HttpPlugin {
  return async (app) => {
    app.get('/v1/cron/jobs/:job/next', {
      config: { scope: 'read' },
      schema: {
        operationId: 'getNextCronTimes',
        summary: 'The next times of a job, in UTC and by the clocks of its time zone.',
        description:
          'Those of its schedule, whether the job is paused or not. A run starts up to jitterMs after its time. A job that was deleted has none.',
        tags: ['cron'],
        params: jobParams,
        querystring: Type.Object({ ...previewFields, minPosition }, closed),
        response: { 200: previewSchema },
      },
      handler: async (request, reply) => {
        const { job } = request.params
        const after = await instantOf(request.query, parts.clock)
        const { document } = await readModel(projection, { request, reply }, async (trx, tenant) => {
          const row = await findJob(trx, { tenant, job })
          if (row === undefined) throw noSuchJob(job)
          return row
        })
        return timesLeft(parts, document, { after, limit: limitOf(request.query) })
      },
    })
  }
}

/** The instant that is asked for, or now. Code: `invalid-request`. */
export async function instantOf({ from }: { from?: string }, clock: Clock): Promise<string> {
  if (from === undefined) return clock.now()
  if (isInstant(from)) return from
  throw new DaybookError('invalid-request', `There is no instant ${from}: that month has fewer days.`)
}

/** How many times are asked for. */
export function limitOf({ n = SHOWN_DEFAULT }: { n?: number }): number {
  return n
}

/** The answer for a schedule. Codes: `invalid-schedule`, `unknown-timezone`. */
export function previewed(
  { preview, tzdata }: PreviewParts,
  schedule: Schedule,
  asked: PreviewAsked,
): Static<typeof previewSchema> {
  const next = [...preview(schedule, asked)]
  return { next, ...('cron' in schedule && { timezone: schedule.timezone }), tzdata }
}

/** What is decided already is over, also where the clock has been turned back. */
function timesLeft(
  parts: PreviewParts,
  { phase, definition, decidedUpTo, slotRuns }: CronJob,
  { after, limit }: { after: string; limit: number },
): Static<typeof previewSchema> {
  if (definition === undefined || phase === 'deleted') return { next: [], tzdata: parts.tzdata }
  const { schedule, startAt, endAt, maxRuns = Number.POSITIVE_INFINITY } = definition
  return previewed(parts, schedule, {
    after: after > decidedUpTo ? after : decidedUpTo,
    limit: Math.min(limit, maxRuns - slotRuns),
    startAt,
    endAt,
  })
}
