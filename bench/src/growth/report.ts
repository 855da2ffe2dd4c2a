import { formatCount, formatMs, formatRatio, renderTable } from '../table.ts'
import type { GrowthReport } from './run.ts'

export function renderGrowth(report: GrowthReport): string {
  const { machine, smallEvents, largeEvents, results, targetRatio } = report
  const size = (events: number): string => `${events / 1e6} million`
  const rows = results.map(
    ({ name, unit, smallPerSecond, largePerSecond, smallP50Ms, largeP50Ms, ratio }) => [
      `  ${name}`,
      unit,
      formatCount(smallPerSecond),
      formatCount(largePerSecond),
      formatMs(smallP50Ms),
      formatMs(largeP50Ms),
      formatRatio(ratio),
    ],
  )
  const header = ['A journal of', '', size(smallEvents), size(largeEvents), 'p50 ms', 'p50 ms', 'ratio']
  const verdicts = results.map(
    ({ name, ratio }, index) =>
      `G${index + 1} ${ratio >= targetRatio ? 'ok' : 'MISSED'} ${formatRatio(ratio)} (target ${targetRatio}×): ${name}`,
  )
  return [
    `Machine   ${machine.cores} cores (${machine.processor}), ${machine.memoryGiB} GiB, ${machine.system}, Node ${machine.node}`,
    renderTable(header, rows),
    verdicts.join('\n'),
  ].join('\n\n')
}
