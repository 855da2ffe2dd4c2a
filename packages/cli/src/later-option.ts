import { InvalidArgumentError } from 'commander'
import { durationOption } from './duration-option.ts'
import { parseWritten } from './instant-option.ts'

/** An instant to come, as an option takes it, in ISO 8601: `2026-12-24`, `2026-12-24T18:00+01:00`, or `+10m` from now. */
export function laterOption(text: string): string {
  const ms = text.startsWith('+') ? Date.now() + durationOption(text.slice(1)) : parseWritten(text)
  if (!Number.isNaN(ms)) return new Date(ms).toISOString()
  throw new InvalidArgumentError('It must be as in 2026-12-24, 2026-12-24T18:00:00Z, or +10m (from now).')
}

/** For the help of such an option. */
export const laterHelp = '2026-12-24, 2026-12-24T18:00Z, or +10m from now'
