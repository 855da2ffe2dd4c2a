import { closed } from '@daybook/eventing'
import type { HttpPlugin } from '@daybook/runtime'
import { Type } from 'typebox'
import { givenScheduleSchema, scheduleOf } from './given-schedule.ts'
import {
  instantOf,
  limitOf,
  type PreviewParts,
  previewed,
  previewFields,
  previewSchema,
} from './next-route.ts'

/** `POST /v1/cron/preview`. Codes: `invalid-schedule`, `unknown-timezone`, `invalid-request`. */
export function previewRoute(parts: PreviewParts): HttpPlugin {
  return async (app) => {
    app.post('/v1/cron/preview', {
      config: { scope: 'read' },
      schema: {
        operationId: 'previewCronSchedule',
        summary: 'The times of a schedule that is no job yet, as GET /v1/cron/jobs/{job}/next has them.',
        tags: ['cron'],
        body: Type.Object({ schedule: givenScheduleSchema, ...previewFields }, closed),
        response: { 200: previewSchema },
      },
      handler: async ({ body }) => {
        const after = await instantOf(body, parts.clock)
        return previewed(parts, scheduleOf(body.schedule), { after, limit: limitOf(body) })
      },
    })
  }
}
