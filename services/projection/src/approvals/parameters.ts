import { closed, text } from '@daybook/eventing'
import { approvalStatusSchema, decisionSchema } from '@daybook/events'
import { Type } from 'typebox'
import { instant, instantOf } from '../routes/instants.ts'
import type { ApprovalsFilter } from './store.ts'

const { Optional } = Type

export const effectParams = Type.Object({ effectId: text }, closed)

export const runId = Optional(
  Type.String({ ...text, description: 'The run, where several have an effect with this id' }),
)

/** Which approvals. */
export const filterFields = {
  status: Optional(approvalStatusSchema),
  decision: Optional(decisionSchema),
  runId: Optional(text),
  since: Optional(Type.String({ ...instant, description: 'Asked at this day or instant (UTC) or later' })),
  until: Optional(Type.String({ ...instant, description: 'Asked before this day or instant (UTC)' })),
}

/** The filter with its instants as the journal writes them. Code: `invalid-request` (a day that does not exist). */
export function filterOf({ status, decision, runId, since, until }: ApprovalsFilter): ApprovalsFilter {
  return {
    ...(status !== undefined && { status }),
    ...(decision !== undefined && { decision }),
    ...(runId !== undefined && { runId }),
    ...(since !== undefined && { since: instantOf(since) }),
    ...(until !== undefined && { until: instantOf(until) }),
  }
}
