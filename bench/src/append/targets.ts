import { fastest } from '../figures.ts'
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

/** Daybook answers single events this many times as fast as the better of two event stores: the gain of group commit. */
const singleEventRatioMin = 1.5
/** With many callers the group grows, and so does the gain over every peer, each at its best number of callers. */
const manyCallersRatioMin = 2.5
const manyCallersP99MsMax = 40
/** Validation, hash chain and dense positions may cost at most three tenths of what a bare insert reaches. */
const batchRatioMin = 0.7
/** A receipt must not be what an agent's step waits for … */
const offered = [
  { ratePerSecond: 2000, p50MsMax: undefined, p99MsMax: 25 },
  { ratePerSecond: 5000, p50MsMax: 5, p99MsMax: 25 },
]
/** … and whoever watches sees what happens as it happens. */
const tailP99MsMax = 60
/** What an agent could keep its record in instead. The bare insert is no such thing: it is the limit. */
const peers = ['message-db', 'message-db-categories', 'emmett', 'pg-boss', 'babysitter']

export interface Stored {
  system: string
  acknowledged: number
  stored: number
}

export function judge(
  results: readonly Result[],
  openLoops: readonly OpenLoopResult[],
  stored: readonly Stored[],
): Verdict[] {
  return [
    judgeSingleEvents(results),
    judgeBatches(results),
    ...openLoops.filter(({ tail }) => tail === undefined).map(judgeLatency),
    judgeStored(stored),
    ...judgeManyCallers(results),
    ...openLoops.flatMap(judgeTail),
  ]
}

function judgeSingleEvents(results: readonly Result[]): Verdict {
  const at = (system: string): Result => find(results, system, 64, 1)
  const daybook = at('daybook-nats')
  const peer = fastest([at('message-db'), at('emmett')])
  const value = daybook.perSecond / peer.perSecond
  return atLeast('T1', value, singleEventRatioMin, `single events, 64 callers: ${versus(daybook, peer)}`)
}

function judgeBatches(results: readonly Result[]): Verdict {
  const daybook = fastest(
    results.filter(({ system, eventsPerRequest }) => system === 'daybook-nats' && eventsPerRequest === 100),
  )
  const plain = find(results, 'plain-insert', daybook.callers, 100)
  const value = daybook.perSecond / plain.perSecond
  const where = `100-event requests, callers: ${daybook.callers} (Daybook's fastest)`
  return atLeast('T2', value, batchRatioMin, `${where}: ${versus(daybook, plain)}`)
}

function judgeLatency(openLoop: OpenLoopResult, index: number): Verdict {
  const { p50MsMax = Number.POSITIVE_INFINITY, p99MsMax } =
    offered.find(({ ratePerSecond }) => ratePerSecond === openLoop.offeredPerSecond) ?? offered[0]!
  const { p50Ms, p99Ms, maxMs } = openLoop
  const p50Target = Number.isFinite(p50MsMax) ? ` (target ≤ ${p50MsMax} ms)` : ''
  const text =
    `${formatMs(p99Ms)} ms (target ≤ ${p99MsMax} ms): p99 at ${formatCount(openLoop.offeredPerSecond)} events/s ` +
    `offered through NATS, from the moment each was due; p50 ${formatMs(p50Ms)} ms${p50Target}, max ${formatMs(maxMs)} ms`
  const ok = p99Ms <= p99MsMax && p50Ms <= p50MsMax
  return { id: index === 0 ? 'T3' : `T3.${index + 1}`, ok, value: p99Ms, target: p99MsMax, text }
}

function judgeManyCallers(results: readonly Result[]): Verdict[] {
  const daybook = find(results, 'daybook-nats', 256, 1)
  const singles = results.filter(
    ({ system, eventsPerRequest }) => peers.includes(system) && eventsPerRequest === 1,
  )
  const peer = fastest(singles)
  const ratio = daybook.perSecond / peer.perSecond
  const what = `single events, 256 callers, against the best peer at its best (${peer.callers} callers): ${versus(daybook, peer)}`
  const text = `${formatMs(daybook.p99Ms)} ms (target ≤ ${manyCallersP99MsMax} ms): p99 with 256 callers`
  const ok = daybook.p99Ms <= manyCallersP99MsMax
  return [
    atLeast('T5', ratio, manyCallersRatioMin, what),
    { id: 'T6', ok, value: daybook.p99Ms, target: manyCallersP99MsMax, text },
  ]
}

function judgeTail({ tail, offeredPerSecond }: OpenLoopResult): Verdict[] {
  if (tail === undefined) return []
  const text =
    `${formatMs(tail.p99Ms)} ms (target ≤ ${tailP99MsMax} ms): p99 from due to read at the live tail, ` +
    `${formatCount(offeredPerSecond)} events/s offered, with projections running (p50 ${formatMs(tail.p50Ms)} ms)`
  return [{ id: 'T7', ok: tail.p99Ms <= tailP99MsMax, value: tail.p99Ms, target: tailP99MsMax, text }]
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
  return `${ours.system} ${formatCount(ours.perSecond)}/s, ${theirs.system} ${formatCount(theirs.perSecond)}/s`
}

function find(results: readonly Result[], system: string, callers: number, eventsPerRequest: number): Result {
  const result = results.find(
    (each) =>
      each.system === system && each.callers === callers && each.eventsPerRequest === eventsPerRequest,
  )
  if (!result) throw new TypeError(`nothing was measured for ${system} at ${callers} × ${eventsPerRequest}`)
  return result
}
