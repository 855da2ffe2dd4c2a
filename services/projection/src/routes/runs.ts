import { DaybookError } from '@daybook/errors'
import {
  closed,
  cursor,
  limit,
  limitOf,
  marksOf,
  minPosition,
  next,
  type Projection,
  readModel,
  text,
} from '@daybook/eventing'
import { runSummarySchema } from '@daybook/events'
import type { HttpPlugin } from '@daybook/runtime'
import { type Static, Type } from 'typebox'
import { decodeRunsCursor, encodeRunsCursor } from '../cursor.ts'
import { knowsEnds, listRuns, type RunSort, type RunsCursor, type RunsQuery } from '../store/list-runs.ts'
import { findRun, type RunRow } from '../store/runs.ts'
import { instant, instantOf } from './instants.ts'
import { noSuchRun } from './no-such-run.ts'
import { leftOutWhole, markOf, readRunSchema } from './parked.ts'

const listQuery = Type.Object(
  {
    status: Type.Optional(runSummarySchema.properties.status),
    processId: Type.Optional(text),
    sessionId: Type.Optional(text),
    since: Type.Optional(
      Type.String({ ...instant, description: 'Created on this day or at this instant (UTC) or later' }),
    ),
    until: Type.Optional(
      Type.String({ ...instant, description: 'Created before this day or instant (UTC)' }),
    ),
    sort: Type.Optional(
      Type.Enum(['created', 'ended', 'duration'], {
        default: 'created',
        description: 'ended and duration list only runs that have ended',
      }),
    ),
    order: Type.Optional(
      Type.Enum(['desc', 'asc'], { default: 'desc', description: 'desc: the newest, or the longest, first' }),
    ),
    limit,
    cursor,
    minPosition,
  },
  closed,
)

const parkedTotal = Type.Integer({
  description:
    'Runs of the tenant that are left out from an event on, some of them wholly; see /v1/dead-letters',
})

/** `GET /v1/runs`. Codes: `invalid-cursor`, `position-not-reached`; `unavailable` while ends are not known yet. */
export function listRunsRoute<DB>(projection: Projection<DB>): HttpPlugin {
  return async (app) => {
    app.get('/v1/runs', {
      config: { scope: 'read' },
      schema: {
        operationId: 'listRuns',
        summary: 'Runs, newest first unless sorted otherwise, with what they cost and how long they took.',
        tags: ['runs'],
        querystring: listQuery,
        response: { 200: Type.Object({ runs: Type.Array(readRunSchema), next, parked: parkedTotal }) },
      },
      handler: (request, reply) => {
        const query = queryOf(request.query)
        return readModel(projection, { request, reply }, async (trx, tenant) => {
          if (query.sort !== 'created' && !(await knowsEnds(trx))) throw endsUnknown()
          const { rows, more } = await listRuns(trx, { tenant, ...query })
          const last = more ? rows.at(-1) : undefined
          const marks = await marksOf(projection, trx, tenant)
          return {
            runs: rows.map(({ run_id: id, document }) => ({ ...document, ...marks.get(`run/${id}`) })),
            parked: marks.size,
            next: last === undefined ? null : encodeRunsCursor(placeOf(last, query.sort)),
          }
        })
      },
    })
  }
}

/** Codes: `invalid-cursor`, `invalid-request`. */
function queryOf({
  cursor,
  minPosition: _waitedFor,
  sort = 'created',
  order,
  since,
  until,
  limit,
  ...names
}: Static<typeof listQuery>): Omit<RunsQuery, 'tenant'> {
  return {
    ...names,
    ...(since !== undefined && { since: instantOf(since) }),
    ...(until !== undefined && { until: instantOf(until) }),
    ...(cursor !== undefined && { after: decodeRunsCursor(cursor, sort) }),
    sort,
    ascending: order === 'asc',
    limit: limitOf({ ...(limit !== undefined && { limit }) }),
  }
}

function placeOf({ run_id: runId, document }: RunRow, sort: RunSort): RunsCursor {
  const { createdAt, endedAt = '', durationMs = 0 } = document
  return { sort, value: { created: createdAt, ended: endedAt, duration: durationMs }[sort], runId }
}

/** Only after an update of Daybook: the read model of the version before knows less. */
function endsUnknown(): DaybookError {
  return new DaybookError(
    'unavailable',
    'When runs ended is not known before the read model of this version is built (GET /v1/projections). Sort by created meanwhile.',
  )
}

/** `GET /v1/runs/{id}`. Codes: `not-found`, `stream-parked`, `position-not-reached`. */
export function getRunRoute<DB>(projection: Projection<DB>): HttpPlugin {
  return async (app) => {
    app.get('/v1/runs/:id', {
      config: { scope: 'read' },
      schema: {
        operationId: 'getRun',
        summary: 'One run: its status, what it waits for, how it ended.',
        tags: ['runs'],
        params: Type.Object({ id: text }, closed),
        querystring: Type.Object({ minPosition }, closed),
        response: { 200: readRunSchema },
      },
      handler: (request, reply) => {
        const { id: runId } = request.params
        return readModel(projection, { request, reply }, async (trx, tenant) => {
          const run = await findRun(trx, { tenant, runId })
          const mark = await markOf(projection, trx, { tenant, runId })
          if (run !== undefined) return { ...run, ...mark }
          throw mark.parked === undefined ? noSuchRun(runId) : leftOutWhole(runId, mark.parked)
        })
      },
    })
  }
}
