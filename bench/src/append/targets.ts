import { formatCount, formatMs, formatRatio } from '../table.ts'
import type { OpenLoopResult, Result } from './compare.ts'

/** One promise and whether this run kept it. `value` and `target` are in the unit that `text` names. */
export interface Verdict {
  id: string
  ok: boolean
  value: number
  target: number
  text: string
}

/** Daybook answers single events this many times as fast as the better peer: the gain of group commit. */
const singleEventRatioMin = 1.5
/** Validation, hash chain and dense positions may cost at most half of what a bare insert reaches. */
const batchRatioMin = 0.5
/** A receipt must not be what an agent's step waits for. */
const p99MsMax = 25

export interface Stored {
  system: string
  acknowledged: number
  stored: number
}

export function judge(
  results: readonly Result[],
  offered: OpenLoopResult,
  stored: readonly Stored[],
): Verdict[] {
  return [judgeSingleEvents(results), judgeBatches(results), judgeLatency(offered), judgeStored(stored)]
}

function judgeSingleEvents(results: readonly Result[]): Verdict {
  const at = (system: string): Result => find(results, system, 64, 1)
  const daybook = at('daybook-nats')
  const peer = fastest([at('message-db'), at('emmett')])
  const value = daybook.eventsPerSecond / peer.eventsPerSecond
  return atLeast('T1', value, singleEventRatioMin, `single events, 64 callers: ${versus(daybook, peer)}`)
}

function judgeBatches(results: readonly Result[]): Verdict {
  const daybook = fastest(
    results.filter(({ system, eventsPerRequest }) => system === 'daybook-nats' && eventsPerRequest === 100),
  )
  const plain = find(results, 'plain-insert', daybook.callers, 100)
  const value = daybook.eventsPerSecond / plain.eventsPerSecond
  const where = `100-event requests, callers: ${daybook.callers} (Daybook's fastest)`
  return atLeast('T2', value, batchRatioMin, `${where}: ${versus(daybook, plain)}`)
}

function judgeLatency(offered: OpenLoopResult): Verdict {
  const ok = offered.p99Ms <= p99MsMax
  const text =
    `${formatMs(offered.p99Ms)} ms (target ≤ ${p99MsMax} ms): p99 at ${formatCount(offered.offeredPerSecond)} ` +
    `events/s offered through NATS, from the moment each was due (p50 ${formatMs(offered.p50Ms)} ms, ` +
    `max ${formatMs(offered.maxMs)} ms)`
  return { id: 'T3', ok, value: offered.p99Ms, target: p99MsMax, text }
}

/** A system that acknowledges what it does not keep would win every comparison. */
function judgeStored(stored: readonly Stored[]): Verdict {
  const off = stored.filter((system) => system.stored !== system.acknowledged)
  const total = stored.reduce((sum, { acknowledged }) => sum + acknowledged, 0)
  const detail = off.map((each) => `${each.system} ${each.stored} of ${each.acknowledged}`).join(', ')
  const text = `${off.length} systems differ (target 0): stored against acknowledged, ${formatCount(total)} events`
  return {
    id: 'T4',
    ok: off.length === 0,
    value: off.length,
    target: 0,
    text: detail ? `${text}: ${detail}` : text,
  }
}

function atLeast(id: string, value: number, target: number, what: string): Verdict {
  return {
    id,
    ok: value >= target,
    value,
    target,
    text: `${formatRatio(value)} (target ${target}×): ${what}`,
  }
}

function versus(ours: Result, theirs: Result): string {
  return `${ours.system} ${formatCount(ours.eventsPerSecond)}/s, ${theirs.system} ${formatCount(theirs.eventsPerSecond)}/s`
}

function fastest(results: readonly Result[]): Result {
  return results.reduce((best, each) => (each.eventsPerSecond > best.eventsPerSecond ? each : best))
}

function find(results: readonly Result[], system: string, callers: number, eventsPerRequest: number): Result {
  const result = results.find(
    (each) =>
      each.system === system && each.callers === callers && each.eventsPerRequest === eventsPerRequest,
  )
  if (!result) throw new TypeError(`nothing was measured for ${system} at ${callers} × ${eventsPerRequest}`)
  return result
}
