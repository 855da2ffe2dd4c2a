import { DaybookError } from '@daybook/errors'
import type { ParkedStream, Projection } from '@daybook/eventing'
import { runSummarySchema } from '@daybook/events'
import type { Transaction } from 'kysely'
import { type Static, Type } from 'typebox'

/**
 * A run is left out from an event on that could not be applied. What was read of it is right up to there, and must not be
 * taken for the whole.
 */
export const parkedSchema = Type.Object(
  {
    seq: Type.Integer({ description: 'The first event that is left out' }),
    position: Type.Integer(),
    deadLetterId: Type.String({ description: 'Why: GET /v1/dead-letters/{id}; to go on, requeue it' }),
  },
  { description: 'Present if the read model leaves this run out from an event on' },
)
type Parked = Static<typeof parkedSchema>

/** A run as it is read, with the mark if it is not whole. */
export const readRunSchema = Type.Object({
  ...runSummarySchema.properties,
  parked: Type.Optional(parkedSchema),
})

function parkedOf({ seq, position, deadLetterId }: ParkedStream): Parked {
  return { seq, position, deadLetterId }
}

/** The mark of a run, to be spread into an answer. Asked in the snapshot in which the run is read. */
export async function markOf<DB>(
  projection: Projection<DB>,
  trx: Transaction<DB>,
  { tenant, runId }: { tenant: string; runId: string },
): Promise<{ parked?: Parked }> {
  return markOfStream(projection, trx, { tenant, stream: `run/${runId}` })
}

/** The mark of whatever has a stream. */
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

/** Code: `stream-parked`, for a run of which not even the first event could be applied. */
export function leftOutWhole(runId: string, parked: Parked): DaybookError {
  const message = `The run ${runId} is in the journal, and the read model could not take it up: see the dead letter ${parked.deadLetterId}.`
  return new DaybookError('stream-parked', message, { details: { ...parked } })
}
