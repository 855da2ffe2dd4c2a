import type { Projection } from '@daybook/eventing'
import { type Approval, type ApprovalDetails, approvalDetailsOf, approvalOf } from '@daybook/events'
import type { Transaction } from 'kysely'
import { noSuchApproval, severalApprovals } from './refusals.ts'
import { type ApprovalRow, findApprovals } from './store.ts'

/** Which approval; without a run, the id has to be that of one run only. */
export interface ApprovalKey {
  effectId: string
  runId?: string | undefined
}

export function toApproval({ document, ended_at: endedAt }: ApprovalRow): Approval {
  return approvalOf(document, endedAt === null ? {} : { endedAt })
}

function toApprovalDetails({ document, ended_at: endedAt }: ApprovalRow): ApprovalDetails {
  return approvalDetailsOf(document, endedAt === null ? {} : { endedAt })
}

/** The approval with this id. Codes: `not-found`, `ambiguous-id`. */
export async function getApproval<DB>(
  trx: Transaction<DB>,
  { tenant, effectId, runId }: ApprovalKey & { tenant: string },
): Promise<ApprovalDetails> {
  const rows = await findApprovals(trx, { tenant, effectId, runId })
  const [row] = rows
  if (row === undefined) throw noSuchApproval(effectId, runId)
  if (rows.length > 1)
    throw severalApprovals(
      effectId,
      rows.map((each) => each.run_id),
    )
  return toApprovalDetails(row)
}

/** How long one wait may last before it is seen whether anybody still waits. */
const WAIT_MS = 1_000

/** Waits until the read model has the position; answers false when the signal was aborted before. */
export async function waitUntilRead<DB>(
  projection: Projection<DB>,
  position: number,
  signal: AbortSignal,
): Promise<boolean> {
  while (!signal.aborted) {
    if (await projection.waitFor(position, WAIT_MS)) return true
  }
  return false
}
