import { closed, next, text } from '@daybook/eventing'
import { effectSchema, patchOperationSchema, runSummarySchema } from '@daybook/events'
import { type HttpPlugin, tenantOf } from '@daybook/runtime'
import { Type } from 'typebox'
import { listAll, listPending, pageOfEffects } from './effect-page.ts'
import { momentSchema, parseMoment } from './moment.ts'
import { boundsOf, byId, nextOf, type Place, pageQuery } from './page.ts'
import { answer, standpointAt, standpointMembers } from './reads.ts'
import { type RunAt, runAt } from './run-at.ts'
import { effectDifferences, runDifference } from './run-difference.ts'
import { readRun, type TimeTravelParts } from './run-reads.ts'

const { Enum, Integer, Null, Object: Struct, Optional, String: Text, Union } = Type

const which = Enum(['pending', 'all', 'none'], {
  description: 'Which effects: those that were pending (the default), all that had been requested, or none.',
})

const stateSchema = Struct({
  runId: Text(),
  ...standpointMembers,
  lastSeq: Integer({ description: 'The last event of the run, as of now' }),
  run: Union([runSummarySchema, Null()], { description: 'null before the first event' }),
  effects: byId(effectSchema),
  next,
})

const differenceSchema = Struct({
  runId: Text(),
  from: Struct(standpointMembers),
  to: Struct(standpointMembers),
  patch: Type.Array(patchOperationSchema, {
    description:
      'JSON Patch (RFC 6902) of {run, effects}, with all effects. The patches of all pages, one after the other, make the one state of the other.',
  }),
  next,
})

/**
 * `GET /v1/runs/{id}/state`, `GET /v1/runs/{id}/diff`.
 * Codes: `not-found`, `invalid-request`, `invalid-cursor`, `archive-unavailable`.
 */
export function runStateRoutes<DB>(parts: TimeTravelParts<DB>): HttpPlugin[] {
  return [stateRoute(parts), differenceRoute(parts)]
}

function stateRoute<DB>(parts: TimeTravelParts<DB>): HttpPlugin {
  return async (app) => {
    app.get('/v1/runs/:id/state', {
      config: { scope: 'read' },
      schema: {
        operationId: 'getRunState',
        summary: 'A run as it was: its status then, and what it waited for.',
        tags: ['runs'],
        params: Struct({ id: text }, closed),
        querystring: Struct({ at: Optional(momentSchema), effects: Optional(which), ...pageQuery }, closed),
        response: { 200: stateSchema },
      },
      handler: async (request, reply) => {
        const { id: runId } = request.params
        const { at: moment, effects = 'pending', ...page } = request.query
        const asked = { tenant: tenantOf(request), runId, moments: [parseMoment(moment)] }
        const bounds = boundsOf(page)
        const read = await readRun(parts, asked, async (history, [seq = 0]) => {
          const at = await runAt(history, seq)
          const listed = await pageOfEffects(at, await placesOf(at, effects), bounds)
          return {
            runId,
            ...(await standpointAt(history, seq)),
            lastSeq: history.extent.lastSeq,
            run: at.tracked.run ?? null,
            effects: Object.fromEntries(listed.entries),
            next: nextOf(listed),
          }
        })
        return answer(reply, read)
      },
    })
  }
}

function placesOf(at: RunAt, effects: 'pending' | 'all' | 'none'): Promise<Place[]> {
  if (effects === 'none') return Promise.resolve([])
  return effects === 'all' ? listAll(at) : listPending(at)
}

function differenceRoute<DB>(parts: TimeTravelParts<DB>): HttpPlugin {
  return async (app) => {
    app.get('/v1/runs/:id/diff', {
      config: { scope: 'read' },
      schema: {
        operationId: 'diffRun',
        summary: 'What changed in a run between two moments, as a JSON Patch; either may be the later one.',
        tags: ['runs'],
        params: Struct({ id: text }, closed),
        querystring: Struct({ from: momentSchema, to: Optional(momentSchema), ...pageQuery }, closed),
        response: { 200: differenceSchema },
      },
      handler: async (request, reply) => {
        const { id: runId } = request.params
        const { from, to, ...page } = request.query
        const asked = { tenant: tenantOf(request), runId, moments: [parseMoment(from), parseMoment(to)] }
        const bounds = boundsOf(page)
        const read = await readRun(parts, asked, async (history, [fromSeq = 0, toSeq = 0]) => {
          const [before, after] = [await runAt(history, fromSeq), await runAt(history, toSeq)]
          const changed = await effectDifferences(before, after, bounds)
          // The run itself comes with the first page.
          const ofRun = page.cursor === undefined ? runDifference(before, after) : []
          return {
            runId,
            from: await standpointAt(history, fromSeq),
            to: await standpointAt(history, toSeq),
            patch: [...ofRun, ...changed.entries.flat()],
            next: nextOf(changed),
          }
        })
        return answer(reply, read)
      },
    })
  }
}
