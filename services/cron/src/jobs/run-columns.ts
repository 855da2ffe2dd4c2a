import type { RunState } from './job-states.ts'

/**
 * From when on a worker can have the run: since it began, and while a worker has it, when the lease ends. Null where nobody
 * can: it is not active, it is nothing for workers, or it was asked to end.
 */
export function claimAtOf({ document, action }: RunState): string | null {
  const { state, lease, startedAt, decidedAt, cancel } = document
  if (state !== 'active' || action !== 'deliver' || cancel !== undefined) return null
  return lease?.until ?? startedAt ?? decidedAt
}
