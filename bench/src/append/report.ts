import { type Conditions, labelOf, renderConditions } from '../conditions.ts'
import { formatCount, formatMs, formatPercent, formatRatio, renderTable } from '../table.ts'
import { describeShape, type OpenLoopResult, type Result } from './compare.ts'
import type { Plan } from './plan.ts'
import type { Stored, Verdict } from './targets.ts'

/** Everything that one run of this benchmark found out. `--json` prints it as it is. */
export interface Report extends Conditions {
  benchmark: 'append'
  plan: Plan
  results: readonly Result[]
  openLoops: readonly OpenLoopResult[]
  stored: readonly Stored[]
  targets: readonly Verdict[]
  ok: boolean
}

export function renderReport(report: Report): string {
  return [
    renderConditions(report, 'that of a request'),
    ...report.plan.shapes.map((shape) => {
      const results = report.results.filter(
        ({ callers, eventsPerRequest }) =>
          callers === shape.callers && eventsPerRequest === shape.eventsPerRequest,
      )
      return renderResults(describeShape(shape), results, report)
    }),
    ...report.openLoops.map((openLoop) => renderOpenLoop(openLoop, report)),
    report.targets.map(({ id, ok, text }) => `${id} ${ok ? 'ok' : 'MISSED'} ${text}`).join('\n'),
  ].join('\n\n')
}

function renderResults(title: string, results: readonly Result[], report: Report): string {
  const plain = results.find(({ system }) => system === 'plain-insert')
  const rows = results.map((result) => [
    `  ${labelOf(report, result.system)}`,
    formatCount(result.perSecond),
    formatMs(result.p50Ms),
    formatMs(result.p99Ms),
    plain ? formatRatio(result.perSecond / plain.perSecond) : '',
    formatPercent(result.generatorCpu),
  ])
  return renderTable([title, 'events/s', 'p50 ms', 'p99 ms', 'of plain', 'generator CPU'], rows)
}

function renderOpenLoop(openLoop: OpenLoopResult, report: Report): string {
  const watched = openLoop.tail === undefined ? '' : ', watched'
  const title = `${formatCount(openLoop.offeredPerSecond)} events/s offered for ${openLoop.seconds} s${watched}`
  const row = [
    `  ${labelOf(report, openLoop.system)}`,
    formatCount(openLoop.perSecond),
    formatMs(openLoop.p50Ms),
    formatMs(openLoop.p99Ms),
    formatMs(openLoop.maxMs),
    formatPercent(openLoop.generatorCpu),
  ]
  const { tail } = openLoop
  const tailRow = tail && [
    '  a reader at the live tail',
    '',
    formatMs(tail.p50Ms),
    formatMs(tail.p99Ms),
    formatMs(tail.maxMs),
    '',
  ]
  const header = [title, 'events/s', 'p50 ms', 'p99 ms', 'max ms', 'generator CPU']
  return renderTable(header, tailRow === undefined ? [row] : [row, tailRow])
}
