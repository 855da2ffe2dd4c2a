import { actorSchema } from '@daybook/events'
import { Type } from 'typebox'
import { next } from './parameters.ts'

const { Integer, Null, Number: Decimal, Object: Struct, String: Text, Union } = Type
const instantOrNull = Union([Text(), Null()])
const count = Integer({ minimum: 0 })

const generationSchema = Struct({
  generation: Integer({ minimum: 1 }),
  version: Integer({ minimum: 1, description: 'Of the code that fills it' }),
  state: Type.Enum(['building', 'running', 'replaced', 'cancelled']),
  reason: Text(),
  actor: actorSchema,
  requestedAt: Text(),
  switchedAt: instantOrNull,
  endedAt: instantOrNull,
  droppedAt: instantOrNull,
})

/** What is being built beside the running generation, and how far it is. */
export const rebuildSchema = Struct({
  generation: Integer({ minimum: 1 }),
  version: Integer({ minimum: 1 }),
  reason: Text(),
  requestedAt: Text(),
  phase: Union([Type.Enum(['loading', 'indexing', 'switching']), Null()], {
    description: 'null: not begun yet, or waiting for an instance that builds this version',
  }),
  position: count,
  head: count,
  eventsPerSecond: Union([Decimal(), Null()], {
    description: 'Events of the journal that it passes, over the last ten seconds',
  }),
  etaSeconds: Union([count, Null()]),
  failure: Union([Text(), Null()], { description: 'Why it does not get on; it is tried again' }),
})

/** A read model: how far it is, and the rebuild under way, if any. */
export const projectionSchema = Struct({
  name: Text(),
  version: Integer({ minimum: 1, description: 'Of the code that answers' }),
  kinds: Type.Array(Text()),
  position: count,
  head: count,
  lag: count,
  parkedStreams: count,
  failure: Union([Text(), Null()]),
  rebuild: Union([rebuildSchema, Null()], {
    description: 'What is being built beside the running generation',
  }),
  generations: Type.Array(generationSchema, { description: 'Newest first' }),
})

/** The read models of a service, or of all of them, where the gateway has joined their lists. */
export const projectionListSchema = Struct({
  projections: Type.Array(projectionSchema),
  missing: Type.Optional(
    Type.Array(Text(), {
      description: 'Services that gave no answer; their read models are not in the list',
    }),
  ),
})

const differenceSchema = Struct(
  {
    path: Text({ description: 'JSON Pointer into the row; empty: the row itself' }),
    expected: Type.Unknown({ description: 'What a fresh fold of the journal has there; null: nothing' }),
    stored: Type.Unknown({ description: 'What the read model has there; null: nothing' }),
  },
  { description: 'With the ids by which the row is found, such as runId and effectId' },
)

/** What was compared, and whether it is as a fresh fold of the journal is. */
export const verificationSchema = Struct(
  {
    events: count,
    ok: Type.Boolean(),
    difference: Union([differenceSchema, Null()], {
      description: 'The first one; nothing behind it was compared',
    }),
    next,
  },
  { description: 'With how many of what were compared, such as runs and effects' },
)
