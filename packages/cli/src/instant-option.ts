import { InvalidArgumentError } from 'commander'

const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const ago = /^(\d{1,6})([mhd])$/
/** RFC 3339, and the day alone, which begins at midnight UTC. A time without an offset could mean anything. */
const written = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d))?$/

/** An instant as an option takes it, in ISO 8601 as the journal writes it: `2026-11-21`, `2026-11-21T08:00Z`, or `90m`, `24h`, `7d` ago. */
export function instantOption(text: string): string {
  const relative = ago.exec(text)
  const ms = relative === null ? parseWritten(text) : Date.now() - Number(relative[1]) * unitMs(relative[2])
  if (!Number.isNaN(ms)) return new Date(ms).toISOString()
  throw new InvalidArgumentError(
    'It must be as in 2026-11-21, 2026-11-21T08:00:00Z, or 24h (so long ago; also m, d).',
  )
}

/** In milliseconds since 1970; NaN for what is no such instant. */
export function parseWritten(text: string): number {
  return written.test(text) ? Date.parse(text) : Number.NaN
}

function unitMs(unit: string | undefined): number {
  return unit === 'm' || unit === 'h' ? UNIT_MS[unit] : UNIT_MS.d
}
