import type { Machine } from '../machine.ts'
import type { PostgresSettings } from '../postgres-settings.ts'
import { formatCount, formatMs, formatRatio, renderTable } from '../table.ts'
import { describeShape, type OpenLoopResult, type Result } from './compare.ts'
import type { Plan } from './plan.ts'
import type { Stored, Verdict } from './targets.ts'

/** Everything that one run of this benchmark found out. `--json` prints it as it is. */
export interface Report {
  benchmark: 'append'
  startedAt: string
  machine: Machine
  postgres: PostgresSettings & { from: string }
  nats: { version: string; syncInterval: string }
  systems: readonly { name: string; label: string; package: string; version: string }[]
  plan: Plan
  results: readonly Result[]
  openLoops: readonly OpenLoopResult[]
  stored: readonly Stored[]
  targets: readonly Verdict[]
  ok: boolean
}

export function renderReport(report: Report): string {
  return [
    ...conditions(report),
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

function conditions({ machine, postgres, nats, plan, systems }: Report): string[] {
  const seconds = plan.durationMs / 1000
  return [
    [
      `Machine   ${machine.cores} cores (${machine.processor}), ${machine.memoryGiB} GiB, ${machine.system}, Node ${machine.node}, a disk flush takes ${formatMs(machine.diskFlushMs)} ms`,
      `Postgres  ${postgres.server_version} (${postgres.from}), fsync ${postgres.fsync}, synchronous_commit ${postgres.synchronous_commit}, shared_buffers ${postgres.shared_buffers}`,
      `NATS      ${nats.version}, sync_interval ${nats.syncInterval}`,
      `Versions  ${[...new Set(systems.map(({ package: name, version }) => `${name} ${version}`))].join(', ')}`,
      `Measured  ${plan.rounds} × ${seconds} s each, medians; load generator and servers share the machine; latency is that of a request`,
      ...(plan.rounds > 1 ? [] : ['          A quick run: too short to rely on.']),
    ].join('\n'),
  ]
}

function renderResults(title: string, results: readonly Result[], report: Report): string {
  const plain = results.find(({ system }) => system === 'plain-insert')
  const rows = results.map((result) => [
    `  ${labelOf(report, result.system)}`,
    formatCount(result.eventsPerSecond),
    formatMs(result.p50Ms),
    formatMs(result.p99Ms),
    plain ? formatRatio(result.eventsPerSecond / plain.eventsPerSecond) : '',
    formatPercent(result.generatorCpu),
  ])
  return renderTable([title, 'events/s', 'p50 ms', 'p99 ms', 'of plain', 'generator CPU'], rows)
}

function renderOpenLoop(openLoop: OpenLoopResult, report: Report): string {
  const watched = openLoop.tail === undefined ? '' : ', watched'
  const title = `${formatCount(openLoop.offeredPerSecond)} events/s offered for ${openLoop.seconds} s${watched}`
  const row = [
    `  ${labelOf(report, openLoop.system)}`,
    formatCount(openLoop.eventsPerSecond),
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

function labelOf({ systems }: Pick<Report, 'systems'>, name: string): string {
  return systems.find((system) => system.name === name)?.label ?? name
}

function formatPercent(share: number): string {
  return `${(share * 100).toFixed(0)} %`
}
