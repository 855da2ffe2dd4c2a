import type { Verdict } from '../append/targets.ts'
import { type Conditions, labelOf, renderConditions } from '../conditions.ts'
import { formatCount, formatMs, formatPercent, renderTable } from '../table.ts'
import { describeShape, shapesOf } from './compare.ts'
import type { Costs } from './filled.ts'
import type { OfferFigures } from './offer.ts'
import type { InboundPlan } from './plan.ts'
import type { InboundFigures } from './targets.ts'

/** Everything that one run of this benchmark found out. `--json` prints it as it is. */
export interface InboundReport extends Conditions, InboundFigures {
  benchmark: 'inbound'
  plan: InboundPlan
  /** What a peer does not do of what Daybook does in the same measurement. */
  lacks: readonly { system: string; lacks: readonly string[] }[]
  targets: readonly Verdict[]
  ok: boolean
}

export function renderInbound(report: InboundReport): string {
  return [
    renderConditions(report, 'from bringing a message to its answer, or (cycle) to its completion'),
    ...renderResults(report),
    ...[false, true].map((isWorked) => renderOffered(report, isWorked)),
    renderDrains(report),
    renderFilled(report),
    renderLacks(report),
    report.targets.map(({ id, ok, text }) => `${id} ${ok ? 'ok' : 'MISSED'} ${text}`).join('\n'),
  ].join('\n\n')
}

function renderResults(report: InboundReport): string[] {
  return shapesOf(report.plan).map((shape) => {
    const rows = report.results
      .filter(
        ({ job, callers, conversations }) =>
          job === shape.job && callers === shape.callers && conversations === shape.conversations,
      )
      .map((result) => [
        `  ${labelOf(report, result.system)}`,
        formatCount(result.perSecond),
        formatMs(result.p50Ms),
        formatMs(result.p99Ms),
        formatPercent(result.generatorCpu),
      ])
    return renderTable([describeShape(shape), 'messages/s', 'p50 ms', 'p99 ms', 'generator CPU'], rows)
  })
}

function renderOffered(report: InboundReport, isWorked: boolean): string {
  const { ratePerSecond, durationMs } = report.plan.offered
  const worked = isWorked ? ', worked off meanwhile' : ''
  const title = `${formatCount(ratePerSecond)} messages/s offered for ${durationMs / 1_000} s${worked}`
  const rows = report.offered
    .filter(({ workers }) => workers > 0 === isWorked)
    .map((each: OfferFigures) => [
      `  ${labelOf(report, each.system)}`,
      formatCount(each.perSecond),
      formatMs(each.p50Ms),
      formatMs(each.p99Ms),
      formatMs(each.maxMs),
      formatPercent(each.generatorCpu),
    ])
  return renderTable([title, 'messages/s', 'p50 ms', 'p99 ms', 'max ms', 'generator CPU'], rows)
}

function renderDrains(report: InboundReport): string {
  const { messages, lanes, workers } = report.plan.backlog
  const title = `${formatCount(messages)} messages in ${lanes} conversations, ${workers} workers`
  const rows = report.drains.map(({ system, seconds, perSecond, outOfOrder }) => [
    `  ${labelOf(report, system)}`,
    seconds.toFixed(1),
    formatCount(perSecond),
    formatCount(outOfOrder),
  ])
  return renderTable([title, 'seconds', 'messages/s', 'out of order'], rows)
}

function renderFilled({ filled }: InboundReport): string {
  const row = (what: string, { smallMs, largeMs, ratio }: Costs): string[] => [
    `  ${what}`,
    formatMs(smallMs),
    formatMs(largeMs),
    ratio.toFixed(2),
  ]
  const header = [
    'Daybook through NATS, a source with messages: ms',
    formatCount(filled.small),
    formatCount(filled.large),
    'ratio',
  ]
  return renderTable(header, [row('receive', filled.receive), row('claim', filled.claim)])
}

function renderLacks(report: InboundReport): string {
  const lines = report.lacks
    .filter(({ lacks }) => lacks.length > 0)
    .map(({ system, lacks }) => `  ${labelOf(report, system)}: ${lacks.join('; ')}`)
  return ['What a peer does not do of what Daybook does here', ...lines].join('\n')
}
