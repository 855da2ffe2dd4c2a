import type { Verdict } from '../append/targets.ts'
import { formatCount, formatMs } from '../table.ts'
import { wrongIn } from './lateness.ts'
import type { CronResult, MeasurementName, Step, StepLateness } from './result.ts'

/** Late enough to go unnoticed where a person asked for "at nine"; and at any load that a plan of agents makes. */
const LATE_P99_MS_MAX = 100
/** A full second's jobs are all under way before the next but one. */
const LATE_MS_MAX = 2_000

/** How it is judged whether Daybook kept what it promises; the peers are shown, and one of them compared with. */
export function judgeCron(results: readonly CronResult[]): Verdict[] {
  const ours = results.filter(({ system }) => system === 'daybook')
  const of = (name: MeasurementName): CronResult =>
    required(ours.find(({ measurement }) => measurement === name))
  return [
    judgeP99('C1', of('together')),
    judgeAll('C2', of('together')),
    judgeP99('C3', of('spread')),
    judgeP99('C4', of('instances')),
    judgeAll('C5', of('instances')),
    judgeEarly(ours),
    judgeOnce(ours),
    judgePeers(
      of('together'),
      results.filter(({ system }) => system !== 'daybook'),
    ),
  ]
}

function judgeP99(id: string, { measurement, steps }: CronResult): Verdict {
  const { p99Ms, p50Ms, maxMs, step } = startOf(steps)
  const text =
    `${formatMs(p99Ms)} ms (target ≤ ${LATE_P99_MS_MAX} ms): p99 from the time to the start, ${describe(measurement)}, ` +
    `${step}; p50 ${formatMs(p50Ms)} ms, max ${formatMs(maxMs)} ms`
  return { id, ok: p99Ms <= LATE_P99_MS_MAX, value: p99Ms, target: LATE_P99_MS_MAX, text }
}

function judgeAll(id: string, { measurement, steps }: CronResult): Verdict {
  const { maxMs, step } = startOf(steps)
  const text = `${formatMs(maxMs)} ms (target ≤ ${formatCount(LATE_MS_MAX)} ms): the last start, ${describe(measurement)}, ${step}`
  return { id, ok: maxMs <= LATE_MS_MAX, value: maxMs, target: LATE_MS_MAX, text }
}

/** By the journal's clock, before the commit: the strictest there is. */
function judgeEarly(ours: readonly CronResult[]): Verdict {
  const minMs = Math.min(...ours.map(({ steps }) => stepOf(steps, 'recorded').minMs))
  const decidedMs = Math.min(...ours.map(({ steps }) => stepOf(steps, 'decided').minMs))
  const text = `${minMs.toFixed(1)} ms (target ≥ 0 ms): the earliest start of all, recorded; decided ${decidedMs.toFixed(1)} ms`
  return { id: 'C6', ok: minMs >= 0, value: minMs, target: 0, text }
}

function judgeOnce(ours: readonly CronResult[]): Verdict {
  const wrong = ours.reduce((sum, { tally }) => sum + wrongIn(tally), 0)
  const expected = ours.reduce((sum, { tally }) => sum + tally.expected, 0)
  const details = ours
    .filter(({ tally }) => wrongIn(tally) > 0)
    .map(
      ({ measurement, tally: { started, expected: due, again, unexpected }, others }) =>
        `; ${describe(measurement)}: ${started} of ${due} started, ${again} again, ${unexpected} unexpected` +
        others.map(({ type, count }) => `, ${count} ${type}`).join(''),
    )
  const text = `${wrong} times without exactly one start (target 0): ${formatCount(expected)} times of jobs${details.join('')}`
  return { id: 'C7', ok: wrong === 0, value: wrong, target: 0, text }
}

/** Until somebody has it, which is all that is known of a peer. */
function judgePeers(together: CronResult, peers: readonly CronResult[]): Verdict {
  const ours = stepOf(together.steps, 'heard').p99Ms
  const theirs = peers.map(({ system, tally, steps }) => {
    const { p99Ms } = stepOf(steps, 'heard')
    // What never started is later than anything that did.
    return { system, p99Ms: tally.started === tally.expected ? p99Ms : Number.POSITIVE_INFINITY }
  })
  const best = required(theirs.toSorted((a, b) => a.p99Ms - b.p99Ms)[0])
  const text =
    `${formatMs(ours)} ms (target < ${formatMs(best.p99Ms)} ms): p99 until it is heard of, ${describe('together')}, ` +
    `against the most punctual peer, ${best.system}`
  return { id: 'C8', ok: ours < best.p99Ms, value: ours, target: best.p99Ms, text }
}

const descriptions: Readonly<Record<MeasurementName, string>> = {
  together: 'jobs due in the same second',
  worked: 'the same, a worker does the runs under leases',
  spread: 'jobs spread over the seconds',
  instances: 'jobs due in the same second, several instances',
  minute: 'schedules due at the same minute',
}

export function describe(measurement: MeasurementName): string {
  return descriptions[measurement]
}

/** When a start is there for good: committed, else (where the server does not tell) recorded, which is a little earlier. */
function startOf(steps: CronResult['steps']): StepLateness {
  return steps.find(({ step }) => step === 'committed') ?? stepOf(steps, 'recorded')
}

function stepOf(steps: CronResult['steps'], step: Step): StepLateness {
  return required(steps.find((each) => each.step === step))
}

/** What was not measured is not met. */
function required<T>(measured: T | undefined): T {
  if (measured === undefined) throw new TypeError('something that a target is about was not measured')
  return measured
}
