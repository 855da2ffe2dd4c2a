import { formatMs, formatRatio } from '../table.ts'
import type { RunsFigures } from './run.ts'

/** What a target came to. */
export interface Verdict {
  id: string
  ok: boolean
  text: string
}

/** A page that a person waits for: two of them, and a browser's own work, are below what anybody notices (100 ms). */
const PAGE_MS = 20
/** To drag a slider through a run, twenty states a second have to come. */
const STATE_MS = 50
/** Two states, and what is different between them. */
const DIFF_MS = 100
/** Once after each loss of the cache: a wait, but no time-out, of which the shortest is 10 s. */
const COLD_STATE_MS = 5_000
/** As fast as a reader that writes them to a disk: whoever comes back after a day has caught up in seconds. */
const TAIL_EVENTS_PER_SECOND = 5_000
const TAIL_FIRST_MS = 250
/** A whole run of days on one's screen within the patience for a report. */
const AUDIT_MS = 10_000
/** No slower than what scripts were written for. */
const COMMAND_RATIO = 1

/** Holds the figures against the targets. */
export function judgeRuns({ reads, coldStateMs, tail, auditMs, commands }: RunsFigures): Verdict[] {
  const p95 = (id: string, name: string, limitMs: number): Verdict => {
    const ms = reads.find((read) => read.name === name)?.p95Ms ?? Number.NaN
    return atMost(id, `${name}, p95`, { ms, limitMs })
  }
  const pace = tail.events / tail.seconds
  const slowest = Math.max(...commands.map(({ daybookMs, fileToolMs }) => daybookMs / fileToolMs))
  return [
    p95('L1', 'first page of the tape', PAGE_MS),
    p95('L2', 'page anywhere', PAGE_MS),
    p95('L3', 'state at any seq', STATE_MS),
    p95('L4', 'difference between any two', DIFF_MS),
    atMost('L5', 'the first state after the cache was lost', { ms: coldStateMs, limitMs: COLD_STATE_MS }),
    atMost('L6', 'a live tail from the middle, first event', { ms: tail.firstMs, limitMs: TAIL_FIRST_MS }),
    {
      id: 'L7',
      ok: pace >= TAIL_EVENTS_PER_SECOND,
      text: `${Math.round(pace)} events/s (target ${TAIL_EVENTS_PER_SECOND}): a live tail from the middle`,
    },
    atMost('L8', 'run:audit --json', { ms: auditMs.json, limitMs: AUDIT_MS }),
    atMost('L9', 'run:audit --html', { ms: auditMs.html, limitMs: AUDIT_MS }),
    {
      id: 'L10',
      ok: slowest <= COMMAND_RATIO,
      text: `${formatRatio(slowest)} (target ≤ ${formatRatio(COMMAND_RATIO)}): the slowest of our commands against the same of the file-per-event tool`,
    },
  ]
}

function atMost(id: string, what: string, { ms, limitMs }: { ms: number; limitMs: number }): Verdict {
  return { id, ok: ms <= limitMs, text: `${formatMs(ms)} ms (target ≤ ${limitMs} ms): ${what}` }
}
