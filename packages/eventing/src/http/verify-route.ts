import { type HttpPlugin, tenantOf } from '@daybook/runtime'
import { type Static, Type } from 'typebox'
import { findServed, type ServedProjection } from '../served-projection.ts'
import { decodeIdCursor, encodeIdCursor } from './cursor.ts'
import { closed, cursor, POSITION_HEADER, text } from './parameters.ts'
import { verificationSchema } from './projection-schemas.ts'

/** An answer comes well before any proxy loses patience; the caller goes on with `next`. */
const VERIFY_WORK_MS = 3_000
/** For an erasure, say, that the journal has and the read model has not yet. */
const SETTLE_MS = 2_000

/** `POST /v1/projections/{name}/verify`. Codes: `not-found`, `invalid-cursor`. */
export function verifyRoute<DB>(served: readonly ServedProjection<DB>[]): HttpPlugin {
  return async (app) => {
    app.post('/v1/projections/:name/verify', {
      config: { scope: 'admin' },
      schema: {
        operationId: 'verifyProjection',
        summary: 'Compares the rows of the tenant with a fresh fold of the journal, for 3 seconds at a time.',
        description: 'Call again with `cursor` = `next` until `next` is null or there is a difference.',
        tags: ['projections'],
        params: Type.Object({ name: text }, closed),
        querystring: Type.Object({ cursor }, closed),
        response: { 200: verificationSchema },
      },
      handler: async (request, reply) => {
        const found = findServed(served, request.params.name)
        const { cursor: given } = request.query
        const after = given === undefined ? '' : decodeIdCursor(kindOf(found), given)
        reply.header(POSITION_HEADER, found.projection.position)
        return verify(found, tenantOf(request), after)
      },
    })
  }
}

/** Of the streams that a walk through the read model goes along. */
function kindOf<DB>({ kinds, name }: ServedProjection<DB>): string {
  return kinds[0] ?? name
}

async function verify<DB>(
  served: ServedProjection<DB>,
  tenant: string,
  after: string,
): Promise<Static<typeof verificationSchema>> {
  const { projection, journal } = served
  const query = { tenant, after, workMs: VERIFY_WORK_MS }
  let result = await served.verify(query)
  if (result.difference !== undefined) {
    // Only what is still there when the read model has seen all that the journal had is a difference.
    await projection.waitFor((await journal.head()).position, SETTLE_MS)
    result = await served.verify(query)
  }
  const { next: last, difference: found, counts } = result
  if (found === undefined) {
    return { ...counts, ok: true, difference: null, next: nextOf(served, last) }
  }
  const { where, ...difference } = found
  return { ...counts, ok: false, difference: { ...where, ...difference }, next: null }
}

function nextOf<DB>(served: ServedProjection<DB>, last: string | undefined): string | null {
  return last === undefined ? null : encodeIdCursor(kindOf(served), last)
}
