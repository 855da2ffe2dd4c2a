import { Readable } from 'node:stream'
import { closed, type Projection } from '@daybook/eventing'
import { type HttpPlugin, tenantOf } from '@daybook/runtime'
import { Type } from 'typebox'
import { exportText } from './export.ts'
import { filterFields, filterOf } from './parameters.ts'

/** Some hundred megabytes: what a person still takes for one file. */
const RECORDS_MAX_DEFAULT = 100_000
/** Some gigabytes. Who has more exports it by months. */
const RECORDS_MAX = 1_000_000

const limit = Type.Optional(
  Type.Integer({
    minimum: 1,
    maximum: RECORDS_MAX,
    default: RECORDS_MAX_DEFAULT,
    description: 'Records at most; when there are more, the trailer says that it was cut off.',
  }),
)

/** `GET /v1/approvals/export`. Code: `invalid-request`. */
export function exportApprovalsRoute<DB>(projection: Projection<DB>): HttpPlugin {
  return async (app) => {
    app.get('/v1/approvals/export', {
      config: { scope: 'read' },
      schema: {
        operationId: 'exportApprovals',
        summary:
          'Approvals as hash-chained JSON Lines, which daybook approvals:verify checks without a server.',
        tags: ['approvals'],
        produces: ['application/x-ndjson'],
        querystring: Type.Object({ ...filterFields, limit }, closed),
      },
      handler: async (request, reply) => {
        const { limit: recordsMax = RECORDS_MAX_DEFAULT } = request.query
        const query = { tenant: tenantOf(request), filter: filterOf(request.query), recordsMax }
        return reply
          .type('application/x-ndjson; charset=utf-8')
          .send(Readable.from(exportText(projection, query)))
      },
    })
  }
}
