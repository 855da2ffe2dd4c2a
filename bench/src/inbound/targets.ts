import type { Stored, Verdict } from '../append/targets.ts'
import { fastest } from '../figures.ts'
import { formatCount, formatMs, formatRatio } from '../table.ts'
import { describeShape, type Job, type Result } from './compare.ts'
import type { DrainFigures } from './drain.ts'
import type { Costs, FilledFigures } from './filled.ts'
import type { OfferFigures } from './offer.ts'

/** What this benchmark found out, as far as it is judged. */
export interface InboundFigures {
  results: readonly Result[]
  offered: readonly OfferFigures[]
  drains: readonly (DrainFigures & { system: string })[]
  filled: FilledFigures
  stored: readonly Stored[]
}

/** How a bot's own service asks; what comes through the gateway is shown beside it. */
const OURS = 'daybook-nats'

/** More promises for the price of a job queue, and no slower than the faster of two. */
const PEERS_RATIO_MIN = 1
/** A platform waits for the answer to its webhook, and a burst must not make it deliver twice. */
const RECEIVE_P99_MS_MAX = 25
/** "The same" within what two runs of the same thing differ by on a shared machine. */
const FILLED_RATIO_MIN = 0.8

export function judgeInbound(figures: InboundFigures): Verdict[] {
  const { results, offered, drains, filled, stored } = figures
  return [
    judgePeers('I1', results, 'receive'),
    judgePeers('I2', results, 'duplicate'),
    ...conversationsOf(results).map((conversations, index) =>
      judgePeers(`I3.${index + 1}`, results, 'cycle', conversations),
    ),
    judgeOffered(required(offered.find(({ system, workers }) => system === OURS && workers === 0))),
    judgeDrain(required(drains.find(({ system }) => system === OURS))),
    judgeFilled('I6', 'receive', filled, filled.receive),
    judgeFilled('I7', 'claim', filled, filled.claim),
    judgeStored(stored),
  ]
}

function conversationsOf(results: readonly Result[]): number[] {
  return [...new Set(results.filter(({ job }) => job === 'cycle').map(({ conversations }) => conversations))]
}

/** Each at the number of callers at which it is fastest, and of the peers' ways the fastest. */
function judgePeers(id: string, results: readonly Result[], job: Job, conversations?: number): Verdict {
  const measured = results.filter(
    (each) => each.job === job && (conversations === undefined || each.conversations === conversations),
  )
  const ours = fastest(measured.filter(({ system }) => system === OURS))
  const peer = fastest(measured.filter(({ system }) => !system.startsWith('daybook')))
  const value = ours.perSecond / peer.perSecond
  const text =
    `${formatRatio(value)} (target > ${PEERS_RATIO_MIN}×): ${describeShape(ours)}, ${formatCount(ours.perSecond)}/s; ` +
    `the fastest peer ${peer.system}, ${peer.callers} callers, ${formatCount(peer.perSecond)}/s`
  return { id, ok: value > PEERS_RATIO_MIN, value, target: PEERS_RATIO_MIN, text }
}

function judgeOffered({ p50Ms, p99Ms, maxMs, offeredPerSecond }: OfferFigures): Verdict {
  const text =
    `${formatMs(p99Ms)} ms (target ≤ ${RECEIVE_P99_MS_MAX} ms): p99 of receive at ${formatCount(offeredPerSecond)}/s ` +
    `offered through NATS, from the moment each was due; p50 ${formatMs(p50Ms)} ms, max ${formatMs(maxMs)} ms`
  return { id: 'I4', ok: p99Ms <= RECEIVE_P99_MS_MAX, value: p99Ms, target: RECEIVE_P99_MS_MAX, text }
}

function judgeDrain({
  system,
  messages,
  lanes,
  seconds,
  outOfOrder,
}: DrainFigures & { system: string }): Verdict {
  const text =
    `${outOfOrder} out of order (target 0): ${formatCount(messages)} messages in ${lanes} conversations, ` +
    `worked off in ${seconds.toFixed(1)} s by ${system}`
  return { id: 'I5', ok: outOfOrder === 0, value: outOfOrder, target: 0, text }
}

function judgeFilled(id: string, what: string, { small, large }: FilledFigures, costs: Costs): Verdict {
  const text =
    `${formatRatio(costs.ratio)} (target ≥ ${FILLED_RATIO_MIN}×): ${what} in a source with ${formatCount(large)} messages, ` +
    `${formatMs(costs.largeMs)} ms, against one with ${formatCount(small)}, ${formatMs(costs.smallMs)} ms`
  return { id, ok: costs.ratio >= FILLED_RATIO_MIN, value: costs.ratio, target: FILLED_RATIO_MIN, text }
}

/** A system that acknowledges what it does not keep, or keeps a repetition, would win every comparison. */
function judgeStored(stored: readonly Stored[]): Verdict {
  const off = stored.filter((each) => each.stored !== each.acknowledged)
  const total = stored.reduce((sum, { acknowledged }) => sum + acknowledged, 0)
  const detail = off.map((each) => `, ${each.system} ${each.stored} of ${each.acknowledged}`).join('')
  const text = `${off.length} differences (target 0): stored against acknowledged, ${formatCount(total)} messages${detail}`
  return { id: 'I8', ok: off.length === 0, value: off.length, target: 0, text }
}

/** What was not measured is not met. */
function required<T>(measured: T | undefined): T {
  if (measured === undefined) throw new TypeError('something that a target is about was not measured')
  return measured
}
