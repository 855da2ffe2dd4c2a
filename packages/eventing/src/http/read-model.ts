import { DaybookError } from '@daybook/errors'
import { tenantOf } from '@daybook/runtime'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Transaction } from 'kysely'
import type { Projection } from '../projection-spec.ts'
import { POSITION_HEADER } from './parameters.ts'

/** Longer than any healthy lag, shorter than the patience of a caller. */
const MIN_POSITION_WAIT_MS = 2_000

/** The request and the answer that a read is for. */
export interface Exchange {
  request: FastifyRequest<{ Querystring: { minPosition?: number } }>
  reply: FastifyReply
}

/**
 * Reads for the tenant of the request, not before its `minPosition` is reached, and tells in a header how far the read
 * model was. Code: `position-not-reached`.
 */
export async function readModel<DB, T>(
  projection: Projection<DB>,
  { request, reply }: Exchange,
  work: (trx: Transaction<DB>, tenant: string) => Promise<T>,
): Promise<T> {
  const tenant = tenantOf(request)
  const { minPosition = 0 } = request.query
  if (!(await projection.waitFor(minPosition, MIN_POSITION_WAIT_MS))) {
    throw notReached(minPosition, projection.position)
  }
  const { value, position } = await projection.read(tenant, (trx) => work(trx, tenant))
  reply.header(POSITION_HEADER, position)
  return value
}

function notReached(wanted: number, position: number): DaybookError {
  const message = `The read model is at position ${position}, not yet at ${wanted}. Ask again in a moment.`
  return new DaybookError('position-not-reached', message, { details: { position } })
}
