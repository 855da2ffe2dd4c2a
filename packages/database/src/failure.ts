import { DaybookError } from '@daybook/errors'

/**
 * What a database error means for the caller.
 * - `conflict`: the transaction lost a race and changed nothing; run it again, reads included.
 * - `connection`: the connection broke, or the server has no room to work in. During a commit the outcome is unknown:
 *   look before doing it again.
 * - `other`: a fault of the statement or of the data; running it again gives the same.
 */
export type FailureKind = 'conflict' | 'connection' | 'other'

/** serialization_failure, deadlock_detected, lock_not_available. */
const CONFLICTS = new Set(['40001', '40P01', '55P03'])

/**
 * admin_shutdown, crash_shutdown, cannot_connect_now, idle_in_transaction_session_timeout, too_many_connections;
 * disk_full: somebody makes room, and what was asked for was not to blame; read_only_sql_transaction: the server became a
 * standby, and another one is, or will be, the one to write to.
 */
const CONNECTION_STATES = new Set(['57P01', '57P02', '57P03', '25P03', '53300', '53100', '25006'])

const CONNECTION_ERRNO = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
])

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** Sorts an error thrown by a query into what may be done about it. */
export function failureOf(error: unknown): FailureKind {
  if (!(error instanceof Error)) return 'other'
  const code = codeOf(error)
  if (CONFLICTS.has(code)) return 'conflict'
  if (code.startsWith('08') || CONNECTION_STATES.has(code) || CONNECTION_ERRNO.has(code)) return 'connection'
  // node-postgres gives a lost socket and a full pool no code, only these words.
  if (
    /^Connection terminated|^timeout exceeded when trying to connect|^Client has encountered a connection error/.test(
      error.message,
    )
  ) {
    return 'connection'
  }
  return error instanceof AggregateError && error.errors.some((inner) => failureOf(inner) === 'connection')
    ? 'connection'
    : 'other'
}

/** Whether the error is a unique violation (SQLSTATE 23505), optionally of one constraint. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  if (!(error instanceof Error) || codeOf(error) !== '23505') return false
  return constraint === undefined || ('constraint' in error && error.constraint === constraint)
}

/** Turns a lost database into `unavailable`, so that every door answers it alike; other errors pass through. */
export function asUnavailable(error: unknown): unknown {
  if (error instanceof DaybookError || failureOf(error) !== 'connection') return error
  return new DaybookError(
    'unavailable',
    'The database cannot be reached, or has no room left. Nothing is lost; try again in a moment.',
    { cause: error },
  )
}
