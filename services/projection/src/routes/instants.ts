import { DaybookError } from '@daybook/errors'

/** A day, or an instant to any precision; always UTC, so that nobody has to guess. */
export const instant = { pattern: '^\\d{4}-\\d\\d-\\d\\d(T\\d\\d:\\d\\d(:\\d\\d(\\.\\d{1,3})?)?Z)?$' }

/** As the journal writes it. Code: `invalid-request` (a day that does not exist). */
export function instantOf(given: string): string {
  const date = new Date(given)
  // The year 0 does not exist in Postgres.
  const isOnCalendar = !Number.isNaN(date.getTime()) && date.toISOString().startsWith(given.slice(0, 10))
  if (isOnCalendar && !given.startsWith('0000')) return date.toISOString()
  throw new DaybookError(
    'invalid-request',
    `${given} is no day and no instant: write it as 2026-11-21 or 2026-11-21T09:00Z.`,
  )
}
