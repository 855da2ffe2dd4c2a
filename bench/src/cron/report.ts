import type { Verdict } from '../append/targets.ts'
import { labelOf, renderSurroundings, type Surroundings } from '../conditions.ts'
import { formatCount, formatMs, renderTable } from '../table.ts'
import type { CronPlan } from './plan.ts'
import type { CronResult, MeasurementName, Step, StepLateness } from './result.ts'
import { describe } from './targets.ts'

/** Everything that one run of this benchmark found out. `--json` prints it as it is. */
export interface CronReport extends Surroundings {
  benchmark: 'cron'
  plan: CronPlan
  quick: boolean
  results: readonly CronResult[]
  /** What a peer does not do of what Daybook does in the same measurement. */
  lacks: readonly { system: string; lacks: readonly string[] }[]
  targets: readonly Verdict[]
  ok: boolean
}

export function renderCron(report: CronReport): string {
  const { plan, results, targets } = report
  const ours = results.filter(({ system }) => system === 'daybook')
  return [
    renderConditions(report),
    ...ours.map((result) => renderOurs(result, plan)),
    renderPeers(report),
    renderCpu(report),
    renderLacks(report),
    targets.map(({ id, ok, text }) => `${id} ${ok ? 'ok' : 'MISSED'} ${text}`).join('\n'),
  ].join('\n\n')
}

function renderConditions(report: CronReport): string {
  return [
    renderSurroundings(report),
    'Measured  from the time that a job is due, each by itself; one process brings the jobs and hears of the starts, and is where the peers run; all share the machine',
    ...(report.quick ? ['          A quick run: too short to rely on.'] : []),
  ].join('\n')
}

const columns = ['times', 'once', 'again', 'min ms', 'p50 ms', 'p99 ms', 'max ms']

const stepNames: Readonly<Record<Step, string>> = {
  decided: 'decided (clock of the service)',
  recorded: 'recorded (clock of the journal)',
  committed: 'committed',
  heard: 'heard of',
}

function renderOurs(result: CronResult, plan: CronPlan): string {
  const rows = result.steps.map((lateness) => {
    const name =
      lateness.step === 'heard' && result.measurement === 'worked' ? 'claimed' : stepNames[lateness.step]
    return [`  ${name}`, ...figuresOf(result, lateness)]
  })
  return renderTable([titles[result.measurement](plan), ...columns], rows)
}

function renderPeers(report: CronReport): string {
  const rows = report.results
    .filter(({ measurement }) => measurement === 'minute')
    .flatMap((result) =>
      result.steps.map((lateness) => [`  ${labelOf(report, result.system)}`, ...figuresOf(result, lateness)]),
    )
  return renderTable([titles.minute(report.plan), ...columns], rows)
}

/** A message may come twice, where a start must not. */
function figuresOf({ tally, heardAgain }: CronResult, lateness: StepLateness): string[] {
  const { step, count, minMs, p50Ms, p99Ms, maxMs } = lateness
  const counts = step === 'heard' ? [count, heardAgain] : [tally.started, tally.again]
  return [...[tally.expected, ...counts].map(formatCount), ...[minMs, p50Ms, p99Ms, maxMs].map(formatMs)]
}

/** In words, with the plan's figures. */
const titles: Readonly<Record<MeasurementName, (plan: CronPlan) => string>> = {
  together: (plan) => `${together(plan)}, ${plan.seconds} times`,
  worked: (plan) => `${together(plan)}, a worker under leases`,
  spread: ({ spread }) =>
    `${formatCount(spread.jobs)} jobs, ${spread.perSecond} due each second, for ${spread.seconds} s`,
  instances: (plan) => `${together(plan)}, ${plan.instances} instances`,
  minute: ({ peers }) =>
    `${formatCount(peers.schedules)} schedules due at the same minute, ${peers.minutes} times: handler begins`,
}

function together({ jobs, due }: CronPlan): string {
  return `${formatCount(due)} of ${formatCount(jobs)} jobs due in the same second`
}

function renderCpu(report: CronReport): string {
  const processes = [...new Set(report.results.flatMap(({ cpu }) => cpu.map(({ process }) => process)))]
  const rows = report.results.map(({ system, measurement, cpu }) => [
    `  ${system === 'daybook' ? `Daybook: ${describe(measurement)}` : labelOf(report, system)}`,
    ...processes.map((name) => cpu.find(({ process }) => process === name)?.seconds.toFixed(2) ?? ''),
  ])
  return renderTable(['CPU seconds for 1,000 starts', ...processes], rows)
}

function renderLacks(report: CronReport): string {
  const lines = report.lacks.map(({ system, lacks }) => `  ${labelOf(report, system)}: ${lacks.join('; ')}`)
  return ['What a peer does not do of what Daybook does here', ...lines].join('\n')
}
