import type { JsonObject } from '@daybook/errors'
import { type Static, Type } from 'typebox'
import { defineEvent } from '../event-type.ts'
import { findingSchema } from '../import/finding.ts'
import { Validator } from '../validator.ts'

/** What of the damage the run itself tells: as many findings as a person reads; all of them are in `import/<runId>`. */
export const runDamageSchema = Type.Object(
  {
    findings: Type.Array(findingSchema, { maxItems: 100, description: 'The first 100' }),
    findingsTotal: Type.Integer({ minimum: 1 }),
    eventsLeftOut: Type.Integer({
      minimum: 0,
      description: 'Files with events that are not among the events of the run',
    }),
  },
  { additionalProperties: false },
)

/** See `runDamageSchema`. */
export type RunDamage = Static<typeof runDamageSchema>

/**
 * The directory that the run came from was damaged, and it was imported nevertheless, as far as it is sound. The import
 * adds this event, last, so that whoever reads the run learns of it from the run. It is Daybook's own and not of the directory.
 */
export const runDamaged = defineEvent({
  kind: 'run',
  type: 'RUN_DAMAGED',
  v: 1,
  description:
    'The run was imported from a damaged directory: what was wrong, and what is therefore missing.',
  schema: runDamageSchema,
})

const validator = new Validator(runDamageSchema)

/** What a `RUN_DAMAGED` says; nothing when it says it in a form that is not known. */
export function damageOf(data: JsonObject): { damaged?: RunDamage } {
  return validator.check(data) ? { damaged: data } : {}
}
