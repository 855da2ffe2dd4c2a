import type { Shape } from './scenario.ts'

export interface Plan {
  shapes: readonly Shape[]
  /** How often every system has its turn at every shape. The figures reported are medians over the rounds. */
  rounds: number
  warmUpMs: number
  durationMs: number
  /** Rates that are offered, whatever the system does. */
  openLoops: readonly OpenLoop[]
}

export interface OpenLoop {
  ratePerSecond: number
  /** Whether the projection service runs as well, and somebody reads the live tail that it serves. */
  isWatched: boolean
  warmUpMs: number
  durationMs: number
  callers: number
}

const shapes: readonly Shape[] = [
  { callers: 1, eventsPerRequest: 1 },
  { callers: 16, eventsPerRequest: 1 },
  { callers: 64, eventsPerRequest: 1 },
  { callers: 256, eventsPerRequest: 1 },
  { callers: 1, eventsPerRequest: 100 },
  { callers: 16, eventsPerRequest: 100 },
]

/**
 * Three rounds are the fewest whose median survives one disturbed round. Half a second is what plans,
 * prepared statements and the JIT need to settle. The open loop is five times as long as one measurement:
 * at 2,000/s a 99th percentile then rests on 200 slow requests.
 */
export function planOf(options: { seconds: number; quick: boolean }): Plan {
  const durationMs = options.seconds * 1000
  return {
    shapes,
    rounds: options.quick ? 1 : 3,
    warmUpMs: 500,
    durationMs,
    openLoops: [
      { ratePerSecond: 2000, isWatched: false },
      { ratePerSecond: 5000, isWatched: false },
      { ratePerSecond: 5000, isWatched: true },
    ].map((openLoop) => ({
      ...openLoop,
      warmUpMs: 1000,
      durationMs: durationMs * 5,
      callers: 64,
    })),
  }
}
