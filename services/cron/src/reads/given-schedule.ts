import { DaybookError } from '@daybook/errors'
import { type Schedule, scheduleSchema } from '@daybook/events'
import { type Static, Type } from 'typebox'
import { Check, Default } from 'typebox/value'

const [byCron, ...others] = scheduleSchema.anyOf
const { cron, timezone, dst, domDow } = byCron.properties

/** A schedule as somebody writes it: what is usual may be left out. */
export const givenScheduleSchema = Type.Union([
  Type.Object(
    {
      cron,
      timezone: Type.Optional(timezone),
      dst: Type.Optional(dst),
      domDow: Type.Optional(domDow),
    },
    { additionalProperties: false },
  ),
  ...others,
])

/** With what was left out. Code: `invalid-schedule`. */
export function scheduleOf(given: Static<typeof givenScheduleSchema>): Schedule {
  const schedule: unknown = Default(scheduleSchema, { ...given })
  if (Check(scheduleSchema, schedule)) return schedule
  throw new DaybookError('invalid-schedule', 'A schedule has cron, everyMs or at, and what belongs to that.')
}
