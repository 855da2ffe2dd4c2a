import { whenParkedRunsChanged, whenRunsChanged, whenRunsChangedInVersion1 } from './handlers.ts'
import { resetRuns } from './store/reset.ts'

/**
 * The read model of runs and their effects. Whoever changes what it makes of events raises `version`: the new one is
 * then built beside the running one. Its tables are those of the schema `projection_runs_layout`.
 */
export const runsProjection = {
  schema: 'projection',
  name: 'runs',
  version: 2,
  kinds: ['run'],
  apply: whenRunsChanged,
  applyLeftOut: whenParkedRunsChanged,
  reset: resetRuns,
  generations: { earlier: { 1: whenRunsChangedInVersion1 } },
}
