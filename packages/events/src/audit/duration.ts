const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** Units with the next smaller one beside it: more digits than that nobody reads. */
const steps = [
  { unit: 'd', ms: DAY_MS, below: 'h', belowMs: HOUR_MS },
  { unit: 'h', ms: HOUR_MS, below: 'min', belowMs: MINUTE_MS },
  { unit: 'min', ms: MINUTE_MS, below: 's', belowMs: SECOND_MS },
] as const

/** A duration for people: `441 ms`, `3.2 s`, `4 min 05 s`, `2 h 07 min`, `3 d 04 h`. */
export function durationText(ms: number): string {
  if (!Number.isFinite(ms)) return '–'
  if (ms < 0) return `−${durationText(-ms)}`
  if (ms < SECOND_MS) return `${Math.round(ms)} ms`
  // Below 59.95 s, so that rounding never says 60.0 s.
  if (ms < MINUTE_MS - 50) return `${(ms / SECOND_MS).toFixed(1)} s`
  const step = steps.find((each) => roundTo(ms, each.belowMs) >= each.ms) ?? steps[2]
  const rounded = roundTo(ms, step.belowMs)
  const rest = Math.round((rounded % step.ms) / step.belowMs)
  return `${Math.floor(rounded / step.ms)} ${step.unit} ${String(rest).padStart(2, '0')} ${step.below}`
}

function roundTo(ms: number, unitMs: number): number {
  return Math.round(ms / unitMs) * unitMs
}

/** From one instant to another; undefined when one of them is none, or when the clock went back between them. */
export function elapsedMs(from: string | undefined, to: string | undefined): number | undefined {
  if (from === undefined || to === undefined) return undefined
  const ms = Date.parse(to) - Date.parse(from)
  return ms >= 0 ? ms : undefined
}
