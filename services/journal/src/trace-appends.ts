import type { Tracing } from '@daybook/runtime'
import type { CommittedRequest } from './batcher.ts'

/** Records a request from its arrival to its commit, once for each event that it added. */
export function traceAppends(tracing: Tracing): (committed: CommittedRequest) => void {
  return ({ job, receipts, since, ended }) => {
    const added = job.request.events.flatMap(({ id, traceparent }, index) => {
      const receipt = receipts[index]
      return receipt === undefined || receipt.duplicate
        ? []
        : [{ id, traceparent, recordedAt: receipt.recordedAt }]
    })
    const { timeOrigin } = performance
    tracing.record('append', added, {
      startedAtMs: timeOrigin + since,
      endedAtMs: timeOrigin + ended,
      attributes: { 'daybook.tenant': job.tenant, 'daybook.batch.events': job.request.events.length },
    })
  }
}
