import { type Measurement, median, quantile } from './measure.ts'

/** One figure line. Latencies are those of a whole request, in milliseconds. */
export interface Figures {
  /** Events, messages: what a request carries. */
  perSecond: number
  p50Ms: number
  p99Ms: number
  /** Share of one core that the load generator used. */
  generatorCpu: number
}

/** Of a stretch whose requests carry so many things each. */
export function figuresOf(measured: Measurement, thingsPerRequest: number): Figures {
  const { latenciesMs, requestsPerSecond, generatorCpu } = measured
  const [p50Ms, p99Ms] = [quantile(latenciesMs, 0.5), quantile(latenciesMs, 0.99)]
  return { perSecond: requestsPerSecond * thingsPerRequest, p50Ms, p99Ms, generatorCpu }
}

export function medians(rounds: readonly Figures[]): Figures {
  const middle = (pick: (round: Figures) => number): number => median(rounds.map(pick))
  return {
    perSecond: middle((round) => round.perSecond),
    p50Ms: middle((round) => round.p50Ms),
    p99Ms: middle((round) => round.p99Ms),
    generatorCpu: middle((round) => round.generatorCpu),
  }
}

/** The same values, begun with another one: who is measured first changes from round to round. */
export function rotate<T>(values: readonly T[], by: number): T[] {
  const start = by % values.length
  return [...values.slice(start), ...values.slice(0, start)]
}

export function fastest<Result extends Figures>(results: readonly Result[]): Result {
  return results.reduce((best, each) => (each.perSecond > best.perSecond ? each : best))
}
