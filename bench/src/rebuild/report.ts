import { formatCount, formatMs, renderTable } from '../table.ts'
import type { RebuildReport } from './run.ts'

export function renderRebuild(report: RebuildReport): string {
  const { machine, events, rounds, eventsPerSecond, targetPerSecond, failedReads, verified } = report
  const rows = rounds.map(({ seconds, eventsPerSecond: pace, reads, readsP99Ms }, index) => [
    `  round ${index + 1}`,
    seconds.toFixed(1),
    formatCount(pace),
    formatCount(reads),
    formatMs(readsP99Ms),
  ])
  const header = [
    `${formatCount(events)} events, beside the running read model`,
    's',
    'events/s',
    'reads',
    'p99 ms',
  ]
  const isFast = eventsPerSecond >= targetPerSecond
  const compared = `${formatCount(verified.runs)} runs and ${formatCount(verified.effects)} effects compared with a fresh fold`
  const outcome =
    verified.difference === null ? 'no difference' : `a difference: ${JSON.stringify(verified.difference)}`
  return [
    `Machine   ${machine.cores} cores (${machine.processor}), ${machine.memoryGiB} GiB, ${machine.system}, Node ${machine.node}`,
    renderTable(header, rows),
    [
      `R1 ${isFast ? 'ok' : 'MISSED'} ${formatCount(eventsPerSecond)} events/s (target ${formatCount(targetPerSecond)}): from the request to the switch, median`,
      `R2 ${failedReads === 0 ? 'ok' : 'MISSED'} ${failedReads} reads failed while it was rebuilt and switched (target 0)`,
      `R3 ${report.isWhole ? 'ok' : 'MISSED'} ${compared}: ${outcome}`,
    ].join('\n'),
  ].join('\n\n')
}
