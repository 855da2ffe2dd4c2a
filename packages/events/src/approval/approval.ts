import type { JsonObject, JsonValue } from '@daybook/errors'
import { type Static, Type } from 'typebox'
import { actorSchema } from '../envelope.ts'
import { json } from '../run/fields.ts'
import { objectOf, texts } from '../run/read.ts'
import type { Effect, RunSummary } from '../run/summary.ts'

const { Integer, Object: Struct, Optional, String: Text } = Type
const text = Text()
const seq = Integer({ minimum: 1 })

/** Effects of this kind wait for a person. */
export const BREAKPOINT = 'breakpoint'

/** Withdrawn: nobody needs the decision any more, since the effect was cancelled or the run ended without it. */
export const approvalStatusSchema = Type.Enum(['pending', 'decided', 'withdrawn'])
/** What a person may say. */
export const decisionSchema = Type.Enum(['approve', 'deny'])

/** A question of a run to a person, and the answer. Instants are those of the events (`occurredAt`). */
export const approvalSchema = Struct({
  effectId: text,
  runId: text,
  status: approvalStatusSchema,
  taskId: text,
  stepId: text,
  invocationKey: text,
  label: Optional(text),
  question: Optional(Text({ description: 'As far as the inputs or the task have one, by that name' })),
  requestedAt: text,
  requestedSeq: seq,
  decision: Optional(
    Type.Enum(['approve', 'deny'], {
      description: 'Absent while pending, and where the answer says neither',
    }),
  ),
  reason: Optional(text),
  scope: Optional(
    Text({ description: 'How far the decision reaches, in words of the two who agreed on them' }),
  ),
  decidedBy: Optional(
    Struct(actorSchema.properties, {
      description: 'Who appended the answer, as their credential said; for an import, who imported it',
    }),
  ),
  isVouched: Optional(
    Type.Boolean({
      description:
        'Of what was decided: it came through the door of approvals, so that the token of decidedBy had the scope approve. False: it was appended or imported past it',
    }),
  ),
  respondedBy: Optional(
    Text({ description: 'Who answered, as the answer itself says: nobody vouches for it' }),
  ),
  decidedAt: Optional(text),
  decidedSeq: Optional(seq),
})

/** An approval with all that a person may want to see before deciding. */
export const approvalDetailsSchema = Struct({
  ...approvalSchema.properties,
  labels: Optional(Type.Array(text)),
  taskDef: Optional(json),
  inputs: Optional(json),
  result: Optional(json),
})

/** See `approvalStatusSchema`. */
export type ApprovalStatus = Static<typeof approvalStatusSchema>
/** See `decisionSchema`. */
export type Decision = Static<typeof decisionSchema>
/** See `approvalSchema`. */
export type Approval = Static<typeof approvalSchema>
/** See `approvalDetailsSchema`. */
export type ApprovalDetails = Static<typeof approvalDetailsSchema>

/** The approval that an effect of a run is; for effects of kind `breakpoint` only. Total, whatever an import brought in. */
export function approvalOf(effect: Effect, run: Pick<RunSummary, 'endedAt'>): Approval {
  const { effectId, runId, taskId, stepId, invocationKey, label, requestedAt, requestedSeq } = effect
  const question = questionOf(effect)
  return {
    effectId,
    runId,
    status: statusOf(effect, run),
    taskId,
    stepId,
    invocationKey,
    ...(label !== undefined && { label }),
    ...(question !== undefined && { question }),
    requestedAt,
    requestedSeq,
    ...answerOf(effect),
  }
}

/** The same with the task, its inputs and the whole answer. */
export function approvalDetailsOf(effect: Effect, run: Pick<RunSummary, 'endedAt'>): ApprovalDetails {
  const { labels, taskDef, inputs, result } = effect
  return {
    ...approvalOf(effect, run),
    ...(labels !== undefined && { labels }),
    ...(taskDef !== undefined && { taskDef }),
    ...(inputs !== undefined && { inputs }),
    ...(result !== undefined && { result }),
  }
}

function statusOf({ status }: Effect, run: Pick<RunSummary, 'endedAt'>): ApprovalStatus {
  if (status === 'requested') return run.endedAt === undefined ? 'pending' : 'withdrawn'
  return status === 'cancelled' ? 'withdrawn' : 'decided'
}

function answerOf(effect: Effect): Partial<Approval> {
  if (effect.status === 'requested' || effect.status === 'cancelled') return {}
  const answer = asObject(effect.result)
  const {
    reason = texts(answer, ['response']).response,
    scope,
    respondedBy,
  } = texts(answer, ['reason', 'scope', 'respondedBy'])
  const decision = decisionOf(effect.status, answer)
  return {
    ...(decision !== undefined && { decision }),
    ...(reason !== undefined && { reason }),
    ...(scope !== undefined && { scope }),
    ...(effect.resolvedBy !== undefined && { decidedBy: effect.resolvedBy }),
    isVouched: effect.isVouched === true,
    ...(respondedBy !== undefined && { respondedBy }),
    ...(effect.resolvedAt !== undefined && { decidedAt: effect.resolvedAt }),
    ...(effect.resolvedSeq !== undefined && { decidedSeq: effect.resolvedSeq }),
  }
}

/** File-per-event tools write a refusal as a good result with `approved: false`. */
function decisionOf(status: Effect['status'], { approved }: JsonObject): Decision | undefined {
  if (status !== 'resolved_ok' || typeof approved !== 'boolean') return undefined
  return approved ? 'approve' : 'deny'
}

/** Where file-per-event tools, and people who write their own, put the words that a person is to read. */
function questionOf({ inputs, taskDef }: Effect): string | undefined {
  const given = asObject(inputs)
  const metadata = objectOf(asObject(taskDef), 'metadata')
  const places = [objectOf(given, 'payload'), given, objectOf(metadata, 'payload'), metadata]
  return places.map((place) => texts(place, ['question']).question).find((found) => found !== undefined)
}

function asObject(value: JsonValue | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}
