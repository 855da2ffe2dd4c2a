import { formatCount, formatMs, formatRatio, renderTable } from '../table.ts'
import type { RunsReport } from './run.ts'

export function renderRuns(report: RunsReport): string {
  const { machine, events, comparedEvents, reads, coldStateMs, tail, auditMs, commands, targets } = report
  const readRows = reads.map(({ name, requests, p50Ms, p95Ms, p99Ms }) => [
    `  ${name}`,
    formatCount(requests),
    formatMs(p50Ms),
    formatMs(p95Ms),
    formatMs(p99Ms),
  ])
  const onceRows = [
    ['  the first state after the cache was lost', formatMs(coldStateMs)],
    [`  a live tail from the middle: the first event`, formatMs(tail.firstMs)],
    [`  a live tail from the middle: all ${formatCount(tail.events)}`, formatMs(tail.seconds * 1_000)],
    ['  run:audit --json', formatMs(auditMs.json)],
    ['  run:audit --html', formatMs(auditMs.html)],
  ]
  const commandRows = commands.map(({ command, daybookMs, fileToolMs }) => [
    `  ${command} --json`,
    formatMs(daybookMs),
    formatMs(fileToolMs),
    formatRatio(daybookMs / fileToolMs),
  ])
  return [
    `Machine   ${machine.cores} cores (${machine.processor}), ${machine.memoryGiB} GiB, ${machine.system}, Node ${machine.node}`,
    renderTable(
      [`A run of ${formatCount(events)} events`, 'requests', 'p50 ms', 'p95 ms', 'p99 ms'],
      readRows,
    ),
    renderTable(['Once', 'ms'], onceRows),
    renderTable(
      [
        `As processes, ${formatCount(comparedEvents)} events`,
        'Daybook ms',
        `babysitter-sdk ${report.fileToolVersion} ms`,
        'ratio',
      ],
      commandRows,
    ),
    targets.map(({ id, ok, text }) => `${id} ${ok ? 'ok' : 'MISSED'} ${text}`).join('\n'),
  ].join('\n\n')
}
