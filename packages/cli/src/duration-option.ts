import { InvalidArgumentError } from 'commander'

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: SECOND_MS,
  m: MINUTE_MS,
  h: HOUR_MS,
  d: 24 * HOUR_MS,
}
const written = /^(\d{1,9}(?:\.\d{1,3})?)(ms|[smhd])$/

/** A duration as an option takes it, in milliseconds: `500ms`, `90s`, `1.5h`, `7d`. */
export function durationOption(text: string): number {
  const [, number, unit = ''] = written.exec(text) ?? []
  const ms = Number(number) * (UNIT_MS[unit] ?? Number.NaN)
  if (Number.isFinite(ms)) return Math.round(ms)
  throw new InvalidArgumentError('It must be as in 500ms, 90s, 15m, 2h or 7d.')
}
