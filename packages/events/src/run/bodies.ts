import type { JsonObject } from '@daybook/errors'
import { type TProperties, Type } from 'typebox'
import { effectCancelled, effectProgress, effectRequested, effectResolved } from './effects.ts'
import { key } from './fields.ts'
import { runCancelRequested, runCompleted, runCreated, runFailed } from './lifecycle.ts'

const { Optional } = Type
const closed = <Fields extends TProperties>(fields: Fields) =>
  Type.Object(fields, { additionalProperties: false })

/** One transaction of the journal. */
const EFFECTS_MAX = 1_000

/** The members of an error beyond its message are the program's own. The journal checks that the message is a text. */
const thrown = Type.Unsafe<JsonObject & { message: string }>({
  type: 'object',
  required: ['message'],
  additionalProperties: true,
  description: 'An error as a program threw it: message, and as they are there name, stack, data',
})

const { runId: _runId, nested, ...created } = runCreated.schema.properties
const { effectId: _resolved, error: _thrown, ...resolved } = effectResolved.schema.properties
const { effectId: _told, ...progress } = effectProgress.schema.properties
const { effectId: _cancelled, ...cancelled } = effectCancelled.schema.properties
const { error: _failure, ...failed } = runFailed.schema.properties

/** What a request says of a command on a run: the data of the event that it leads to, without what its path says. */
export const runBodies = {
  create: closed({
    ...created,
    runId: Optional(
      Type.String({
        ...key,
        description: 'A ULID is made where it is absent; with one, a request may be repeated',
      }),
    ),
    nested: Optional(closed(nested.properties)),
  }),
  requestEffects: closed({
    effects: Type.Array(effectRequested.schema, {
      minItems: 1,
      maxItems: EFFECTS_MAX,
      description: 'Requested all together or not at all',
    }),
  }),
  resolveEffect: closed({ ...resolved, error: Optional(thrown) }),
  reportProgress: closed(progress),
  cancelEffect: closed(cancelled),
  complete: closed(runCompleted.schema.properties),
  fail: closed({ ...failed, error: thrown }),
  cancel: closed({
    ...runCancelRequested.schema.properties,
    now: Optional(
      Type.Boolean({
        description:
          'Do not ask whoever runs the process first: end the run. Also how that one says that it has stopped',
      }),
    ),
  }),
}
