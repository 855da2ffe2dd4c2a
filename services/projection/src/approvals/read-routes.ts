import { closed, cursor, limit, limitOf, minPosition, next, readModel } from '@daybook/eventing'
import { approvalDetailsSchema, approvalSchema } from '@daybook/events'
import type { HttpPlugin } from '@daybook/runtime'
import { Type } from 'typebox'
import { decodeApprovalsCursor, encodeApprovalsCursor } from '../cursor.ts'
import { sendLive, wantsTail } from '../routes/journal.ts'
import { awaitedApproval, changedApprovals, type LiveParts } from './live.ts'
import { effectParams, filterFields, filterOf, runId } from './parameters.ts'
import { getApproval, toApproval } from './read.ts'
import { cursorAt, listApprovals } from './store.ts'

const after = Type.Optional(
  Type.Integer({
    minimum: 0,
    description:
      'Of a live answer: what changed after this position, such as the Daybook-Position of a page.',
  }),
)
const reverse = Type.Optional(Type.Boolean({ description: 'Those asked last come first.' }))

const listQuery = Type.Object({ ...filterFields, reverse, limit, cursor, minPosition, after }, closed)

const pageSchema = Type.Object(
  { approvals: Type.Array(approvalSchema), next },
  {
    description:
      'With Accept: text/event-stream instead: each approval that changes, as it is then; event is its status, id a position. Only status, runId and after count there.',
  },
)

/** `GET /v1/approvals`. Codes: `invalid-cursor`, `invalid-request`, `position-not-reached`. */
export function listApprovalsRoute<DB>(parts: LiveParts<DB>): HttpPlugin {
  return async (app) => {
    app.get('/v1/approvals', {
      config: { scope: 'read' },
      schema: {
        operationId: 'listApprovals',
        summary: 'What runs have asked people, in the order of asking; or live, what changes.',
        tags: ['approvals'],
        querystring: listQuery,
        response: { 200: pageSchema },
      },
      handler: async (request, reply) => {
        const { cursor, reverse = false, after, minPosition: _waitedFor } = request.query
        const filter = filterOf(request.query)
        if (wantsTail(request)) {
          return sendLive(parts, { request, reply }, { after }, (since, signal) =>
            changedApprovals(parts, { ...since, filter }, signal),
          )
        }
        const place = cursor === undefined ? {} : { after: decodeApprovalsCursor(cursor) }
        return readModel(parts.projection, { request, reply }, async (trx, tenant) => {
          const query = { tenant, ...filter, reverse, ...place, limit: limitOf(request.query) }
          const { rows, more } = await listApprovals(trx, query)
          const last = more ? rows.at(-1) : undefined
          return {
            approvals: rows.map(toApproval),
            next: last === undefined ? null : encodeApprovalsCursor(cursorAt(last)),
          }
        })
      },
    })
  }
}

const detailsSchema = Type.Object(approvalDetailsSchema.properties, {
  description:
    'With Accept: text/event-stream instead: the approval now and, if it is pending, again when it is not any more. Then the stream ends.',
})

/** `GET /v1/approvals/{effectId}`. Codes: `not-found`, `ambiguous-id`, `position-not-reached`. */
export function getApprovalRoute<DB>(parts: LiveParts<DB>): HttpPlugin {
  return async (app) => {
    app.get('/v1/approvals/:effectId', {
      config: { scope: 'read' },
      schema: {
        operationId: 'getApproval',
        summary: 'What a run has asked, and what was decided; or live, until it is decided.',
        tags: ['approvals'],
        params: effectParams,
        querystring: Type.Object({ runId, minPosition }, closed),
        response: { 200: detailsSchema },
      },
      handler: async (request, reply) => {
        const key = { effectId: request.params.effectId, runId: request.query.runId }
        // Read also for a live answer: what cannot be found is then told as a problem, and not in a stream.
        const approval = await readModel(parts.projection, { request, reply }, (trx, tenant) =>
          getApproval(trx, { tenant, ...key }),
        )
        if (!wantsTail(request)) return approval
        return sendLive(parts, { request, reply }, {}, (since, signal) =>
          awaitedApproval(parts, { ...since, key: { ...key, runId: approval.runId } }, signal),
        )
      },
    })
  }
}
