import { DaybookError } from '@daybook/errors'
import { markOfStream, type Parked, type Projection, parkedSchema } from '@daybook/eventing'
import { runSummarySchema } from '@daybook/events'
import type { Transaction } from 'kysely'
import { Type } from 'typebox'

/** A run as it is read, with the mark if it is not whole. */
export const readRunSchema = Type.Object({
  ...runSummarySchema.properties,
  parked: Type.Optional(parkedSchema),
})

/** The mark of a run, to be spread into an answer. Asked in the snapshot in which the run is read. */
export async function markOf<DB>(
  projection: Projection<DB>,
  trx: Transaction<DB>,
  { tenant, runId }: { tenant: string; runId: string },
): Promise<{ parked?: Parked }> {
  return markOfStream(projection, trx, { tenant, stream: `run/${runId}` })
}

/** Code: `stream-parked`, for a run of which not even the first event could be applied. */
export function leftOutWhole(runId: string, parked: Parked): DaybookError {
  const message = `The run ${runId} is in the journal, and the read model could not take it up: see the dead letter ${parked.deadLetterId}.`
  return new DaybookError('stream-parked', message, { details: { ...parked } })
}
