import { DaybookError } from '@daybook/errors'
import { closed, POSITION_HEADER } from '@daybook/eventing'
import { approvalOf, approvalSchema, decisionSchema } from '@daybook/events'
import { callerOf, type HttpPlugin } from '@daybook/runtime'
import { Type } from 'typebox'
import { type DecidingParts, decisions } from './deciding.ts'
import { effectParams, runId } from './parameters.ts'

/** As long as other reasons that people give. */
const reason = Type.String({ minLength: 1, maxLength: 2_000, description: 'Why; it is kept' })
const scope = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: 200,
    description: 'How far the decision reaches, such as once or session. It is kept and handed on as it is.',
  }),
)

/**
 * `POST /v1/approvals/{effectId}`. Codes: `not-found`, `ambiguous-id`, `already-decided` (details: the first decision),
 * `invalid-transition` (withdrawn), and those of an append.
 */
export function decideApprovalRoute<DB>(parts: DecidingParts<DB>): HttpPlugin {
  const decide = decisions(parts)
  return async (app) => {
    app.post('/v1/approvals/:effectId', {
      config: { scope: 'approve' },
      schema: {
        operationId: 'decideApproval',
        summary: 'Approve or deny, once: the first decision counts. To repeat one’s own is no error.',
        tags: ['approvals'],
        params: effectParams,
        querystring: Type.Object({ runId }, closed),
        body: Type.Object({ decision: decisionSchema, reason, scope }, closed),
        response: { 200: approvalSchema },
      },
      handler: async (request, reply) => {
        const wish = { ...request.body, effectId: request.params.effectId, runId: request.query.runId }
        const { state, receipts } = await decide(callerOf(request), wish)
        const { run, effect } = state
        if (run === undefined || effect === undefined)
          throw new DaybookError('internal', 'The decision was made, and its run is not there.')
        const position = receipts.at(-1)?.position
        if (position !== undefined) reply.header(POSITION_HEADER, position)
        return approvalOf(effect, run)
      },
    })
  }
}
