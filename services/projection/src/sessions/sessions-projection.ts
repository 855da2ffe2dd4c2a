import { whenParkedSessionsChanged, whenSessionsChanged } from './handlers.ts'
import { resetSessions } from './store.ts'

/**
 * The read model of sessions. It follows the kind `session` alone: which runs were created with the id of a session, the
 * read model of runs knows (decision 16 says why one projection does not follow two kinds). Its tables are those of the
 * schema `projection_sessions_layout`.
 */
export const sessionsProjection = {
  schema: 'projection',
  name: 'sessions',
  version: 1,
  kinds: ['session'],
  apply: whenSessionsChanged,
  applyLeftOut: whenParkedSessionsChanged,
  reset: resetSessions,
  generations: {},
}
