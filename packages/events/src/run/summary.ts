import { type Static, Type } from 'typebox'
import { actorSchema } from '../envelope.ts'
import { costsSchema } from './costs.ts'
import { runDamageSchema } from './damaged.ts'
import { entrypoint, json } from './fields.ts'

const { Integer, Object: Struct, Optional, String: Text } = Type
const text = Text()
const total = Integer({ minimum: 0 })
const ms = (description: string) =>
  Optional(Integer({ minimum: 0, description: `${description}; milliseconds` }))

/** Where a run is. A run that waits for nothing, and has not ended, is running. */
export const runStatusSchema = Type.Enum([
  'created',
  'running',
  'waiting',
  'completed',
  'failed',
  'cancelled',
])

/** An event that the state of the run did not allow. It is kept and flagged; the state is as if it had not come. */
const runFaultSchema = Struct({
  seq: Integer({ minimum: 1 }),
  eventId: text,
  code: Type.Literal('invalid-transition'),
  detail: text,
})

/** What is known of a run from its events alone. All instants are the producers' (`occurredAt`). */
export const runSummarySchema = Struct({
  runId: text,
  status: runStatusSchema,
  processId: Text({ description: 'Empty as long as RUN_CREATED has not been seen' }),
  processRevision: Optional(text),
  entrypoint,
  sessionId: Optional(text),
  parentRunId: Optional(text),
  effectsTotal: total,
  effectsPending: total,
  pendingByKind: Type.Record(text, total),
  createdAt: text,
  updatedAt: text,
  endedAt: Optional(text),
  cancelRequestedAt: Optional(text),
  durationMs: ms('From its creation to its end'),
  waitedMs: ms('While something was pending, before `waitingSince`'),
  waitingSince: Optional(text),
  waitedForPeopleMs: ms('While a breakpoint was pending, before `waitingForPeopleSince`'),
  waitingForPeopleSince: Optional(text),
  workedMs: ms('Of all effects together, as their workers say: from `startedAt` to `finishedAt`'),
  costs: Optional(costsSchema),
  lastSeq: total,
  lastEventId: text,
  lastEventType: text,
  output: Optional(json),
  outputRef: Optional(text),
  error: Optional(json),
  faults: Type.Array(runFaultSchema, { description: 'The first 100' }),
  faultsTotal: total,
  erasedTotal: Optional(
    Integer({
      minimum: 1,
      description: 'Events whose payload was erased; what they said is not in the run any more',
    }),
  ),
  damaged: Optional(runDamageSchema),
})

/** How far the work is, as its worker last told. */
const effectProgressSchema = Struct({
  at: text,
  percent: Optional(Type.Number()),
  label: Optional(text),
  step: Optional(Type.Union([text, Type.Number()])),
  eta: Optional(Type.Union([text, Type.Number()])),
})

/** A unit of work that a run asked for. */
export const effectSchema = Struct({
  effectId: text,
  runId: text,
  invocationKey: text,
  stepId: text,
  taskId: text,
  kind: text,
  label: Optional(text),
  labels: Optional(Type.Array(text)),
  status: Type.Enum(['requested', 'resolved_ok', 'resolved_error', 'cancelled']),
  taskDef: Optional(json),
  taskDefRef: Optional(text),
  inputs: Optional(json),
  inputsRef: Optional(text),
  result: Optional(json),
  resultRef: Optional(text),
  error: Optional(json),
  stdoutRef: Optional(text),
  stderrRef: Optional(text),
  requestedAt: text,
  requestedSeq: Integer({ minimum: 1 }),
  resolvedAt: Optional(text),
  resolvedSeq: Optional(Integer({ minimum: 1 })),
  resolvedBy: Optional(
    Type.Object(actorSchema.properties, { description: 'Whose event resolved or cancelled it' }),
  ),
  isVouched: Optional(
    Type.Boolean({
      description:
        'Of a breakpoint: the answer came through the door of approvals, which asks for the scope approve',
    }),
  ),
  startedAt: Optional(text),
  finishedAt: Optional(text),
  durationMs: ms('From its request to its result'),
  workedMs: ms('From `startedAt` to `finishedAt`'),
  costs: Optional(costsSchema),
  progress: Optional(effectProgressSchema),
})

/** See `runStatusSchema`. */
export type RunStatus = Static<typeof runStatusSchema>
/** An event that the state of the run did not allow. */
export type RunFault = Static<typeof runFaultSchema>
/** See `runSummarySchema`. */
export type RunSummary = Static<typeof runSummarySchema>
/** See `effectSchema`. */
export type Effect = Static<typeof effectSchema>
