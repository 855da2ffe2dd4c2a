import { type JournalEvent, jobOfStream } from '@daybook/events'
import { textOf } from './cron-decisions.ts'

/** A start of an attempt. */
interface Start {
  readonly job: string
  readonly run: string
  readonly slot: string
  readonly attempt: number
  /** The stream of the run that it started; empty where it started none. */
  readonly target: string
}

/** All starts, of all jobs. */
export function startsIn(events: readonly JournalEvent[]): Start[] {
  return events
    .filter(({ type }) => type === 'CRON_RUN_STARTED')
    .map(({ stream, data }) => ({
      job: jobOfStream(stream) ?? '',
      run: textOf(data['run']),
      slot: textOf(data['slot']),
      attempt: Number(data['attempt']),
      target: textOf(data['target']),
    }))
}

/** What came of something other than once for each that it should have come of, one sentence each. */
export function notOnce(expected: readonly string[], found: readonly string[]): string[] {
  const wanted = countsOf(expected)
  const there = countsOf(found)
  return [...new Set([...expected, ...found])]
    .filter((name) => wanted.get(name) !== there.get(name))
    .map((name) => `${name} is there ${there.get(name) ?? 0} times instead of ${wanted.get(name) ?? 0}`)
}

function countsOf(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}
