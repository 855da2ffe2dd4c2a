import { closed, next, text } from '@daybook/eventing'
import { linkedRunSchema, patchOperationSchema, sessionSummarySchema } from '@daybook/events'
import { type HttpPlugin, tenantOf } from '@daybook/runtime'
import { Type } from 'typebox'
import { noSuchSession } from '../sessions/origin.ts'
import { sessionsProjection } from '../sessions/sessions-projection.ts'
import { momentSchema, parseMoment } from './moment.ts'
import { boundsOf, byId, nextOf, pageQuery } from './page.ts'
import { answer, type PastParts, readHistory, seqAt, standpointAt, standpointMembers } from './reads.ts'
import { linkDifferences, pageOfLinks, sessionAt, sessionDifference } from './session-at.ts'

const { Integer, Null, Object: Struct, Optional, String: Text, Union } = Type

const stateSchema = Struct({
  sessionId: Text(),
  ...standpointMembers,
  lastSeq: Integer({ description: 'The last event of the session, as of now' }),
  session: Union([sessionSummarySchema, Null()], { description: 'null before the first event' }),
  links: byId(linkedRunSchema),
  next,
})

const differenceSchema = Struct({
  sessionId: Text(),
  from: Struct(standpointMembers),
  to: Struct(standpointMembers),
  patch: Type.Array(patchOperationSchema, {
    description:
      'JSON Patch (RFC 6902) of {session, links}, with all links. The patches of all pages, one after the other, make the one state of the other.',
  }),
  next,
})

/**
 * `GET /v1/sessions/{id}/state`, `GET /v1/sessions/{id}/diff`. `parts` has the projection of sessions.
 * Codes: `not-found`, `invalid-request`, `invalid-cursor`, `archive-unavailable`.
 */
export function sessionStateRoutes<DB>(parts: PastParts<DB>): HttpPlugin[] {
  return [stateRoute(parts), differenceRoute(parts)]
}

function askedFor(tenant: string, sessionId: string) {
  const key = { tenant, stream: `session/${sessionId}`, fold: sessionsProjection.version }
  return { key, missing: () => noSuchSession(sessionId) }
}

function stateRoute<DB>(parts: PastParts<DB>): HttpPlugin {
  return async (app) => {
    app.get('/v1/sessions/:id/state', {
      config: { scope: 'read' },
      schema: {
        operationId: 'getSessionState',
        summary: 'A session as it was, with the runs that were linked to it.',
        tags: ['sessions'],
        params: Struct({ id: text }, closed),
        querystring: Struct({ at: Optional(momentSchema), ...pageQuery }, closed),
        response: { 200: stateSchema },
      },
      handler: async (request, reply) => {
        const { id: sessionId } = request.params
        const [moment, bounds] = [parseMoment(request.query.at), boundsOf(request.query)]
        const asked = askedFor(tenantOf(request), sessionId)
        const read = await readHistory(parts, asked, async (history) => {
          const seq = await seqAt(history, moment)
          const folded = await sessionAt(history, seq)
          const listed = await pageOfLinks(folded, bounds)
          return {
            sessionId,
            ...(await standpointAt(history, seq)),
            lastSeq: history.extent.lastSeq,
            session: folded.session ?? null,
            links: Object.fromEntries(listed.entries),
            next: nextOf(listed),
          }
        })
        return answer(reply, read)
      },
    })
  }
}

function differenceRoute<DB>(parts: PastParts<DB>): HttpPlugin {
  return async (app) => {
    app.get('/v1/sessions/:id/diff', {
      config: { scope: 'read' },
      schema: {
        operationId: 'diffSession',
        summary:
          'What changed in a session between two moments, as a JSON Patch; either may be the later one.',
        tags: ['sessions'],
        params: Struct({ id: text }, closed),
        querystring: Struct({ from: momentSchema, to: Optional(momentSchema), ...pageQuery }, closed),
        response: { 200: differenceSchema },
      },
      handler: async (request, reply) => {
        const { id: sessionId } = request.params
        const { from, to, ...page } = request.query
        const [start, end, bounds] = [parseMoment(from), parseMoment(to), boundsOf(page)]
        const asked = askedFor(tenantOf(request), sessionId)
        const read = await readHistory(parts, asked, async (history) => {
          const [fromSeq, toSeq] = [await seqAt(history, start), await seqAt(history, end)]
          const [before, after] = [await sessionAt(history, fromSeq), await sessionAt(history, toSeq)]
          const changed = await linkDifferences(before, after, bounds)
          // The session itself comes with the first page.
          const ofSession = page.cursor === undefined ? sessionDifference(before, after) : []
          return {
            sessionId,
            from: await standpointAt(history, fromSeq),
            to: await standpointAt(history, toSeq),
            patch: [...ofSession, ...changed.entries.flat()],
            next: nextOf(changed),
          }
        })
        return answer(reply, read)
      },
    })
  }
}
