import type { Transaction } from 'kysely'
import { type Static, Type } from 'typebox'
import type { ParkedStream } from '../parking.ts'
import type { Projection } from '../projection-spec.ts'

/**
 * What has a stream is left out from an event on that could not be applied. What was read of it is right up to there, and
 * must not be taken for the whole.
 */
export const parkedSchema = Type.Object(
  {
    seq: Type.Integer({ description: 'The first event that is left out' }),
    position: Type.Integer(),
    deadLetterId: Type.String({ description: 'Why: GET /v1/dead-letters/{id}; to go on, requeue it' }),
  },
  { description: 'Present if the read model leaves this one out from an event on' },
)

/** The mark of what is not whole. */
export type Parked = Static<typeof parkedSchema>

function parkedOf({ seq, position, deadLetterId }: ParkedStream): Parked {
  return { seq, position, deadLetterId }
}

/** The mark of what has a stream, to be spread into an answer. Asked in the snapshot in which it is read. */
export async function markOfStream<DB>(
  projection: Projection<DB>,
  trx: Transaction<DB>,
  key: { tenant: string; stream: string },
): Promise<{ parked?: Parked }> {
  const parked = await projection.parked.find(trx, key)
  return parked === undefined ? {} : { parked: parkedOf(parked) }
}

/** The marks of all that a projection of one kind leaves out of a tenant, by the names of the streams. */
export async function marksOf<DB>(
  projection: Projection<DB>,
  trx: Transaction<DB>,
  tenant: string,
): Promise<Map<string, { parked: Parked }>> {
  const parked = await projection.parked.list(trx, tenant)
  return new Map(parked.map((one) => [one.stream, { parked: parkedOf(one) }]))
}
