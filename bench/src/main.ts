import { constants } from 'node:os'
import { parseArgs } from 'node:util'
import { DaybookError } from '@daybook/errors'
import { renderReport } from './append/report.ts'
import { type AppendOptions, runAppend } from './append/run.ts'
import { renderCron } from './cron/report.ts'
import { runCron } from './cron/run.ts'
import { renderGrowth } from './growth/report.ts'
import { runGrowth } from './growth/run.ts'
import { renderInbound } from './inbound/report.ts'
import { runInbound } from './inbound/run.ts'
import { renderRebuild } from './rebuild/report.ts'
import { runRebuild } from './rebuild/run.ts'
import { renderRuns } from './runs/report.ts'
import { runRuns } from './runs/run.ts'

const usage = `Usage: npm run bench -- <benchmark> [options]

Benchmarks
  append            appends through Daybook's doors, a plain insert, and five peers
  cron              jobs that are due in the same second, beside the schedules of two job queues
  growth            appends and reads in a journal of ten million events, beside one of 100,000
  inbound           messages that are received, claimed and completed, beside two job queues
  rebuild           a read model of 500,000 events, built anew beside the running one while that is read
  runs              reads of a run of 50,000 events, and the commands for runs beside those of a peer

Options
  --seconds <n>     length of one measurement, 0.2 to 60 (default 2)
  --quick           one short round: shows that everything runs, too noisy for a verdict to rely on
  --json            one JSON document on standard output instead of the tables

Exit codes: 0 all targets met, 1 a target missed, 2 could not run.`

/** A benchmark by its name: what it found out, and the same for people. */
const benchmarks = new Map<string, (options: AppendOptions) => Promise<Outcome>>([
  ['append', async (options) => outcomeOf(await runAppend(options), renderReport)],
  ['cron', async (options) => outcomeOf(await runCron(options), renderCron)],
  ['growth', async (options) => outcomeOf(await runGrowth(options), renderGrowth)],
  ['inbound', async (options) => outcomeOf(await runInbound(options), renderInbound)],
  ['rebuild', async (options) => outcomeOf(await runRebuild(options), renderRebuild)],
  ['runs', async (options) => outcomeOf(await runRuns(options), renderRuns)],
])

interface Outcome {
  report: { ok: boolean }
  text: string
}

function outcomeOf<Report extends { ok: boolean }>(
  report: Report,
  render: (report: Report) => string,
): Outcome {
  return { report, text: render(report) }
}

interface Arguments {
  benchmark: string | undefined
  json: boolean
  quick: boolean
  seconds: number
}

function readArguments(args: string[]): Arguments {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { json: { type: 'boolean' }, quick: { type: 'boolean' }, seconds: { type: 'string' } },
  })
  const { json = false, quick = false } = values
  const seconds = values.seconds === undefined ? (quick ? 0.5 : 2) : Number(values.seconds)
  if (!(seconds >= 0.2 && seconds <= 60)) {
    throw new DaybookError('invalid-usage', '--seconds takes a number from 0.2 to 60.')
  }
  return { benchmark: positionals[0], json, quick, seconds }
}

/** The first Ctrl-C stops the load and takes everything down again; a second one leaves at once. */
function abortOnSignals(): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(128 + constants.signals[name])
      controller.abort(new Error('stopped before the end'))
    })
  }
  return controller.signal
}

async function main(): Promise<number> {
  const { benchmark, json, ...options } = readArguments(process.argv.slice(2))
  const run = benchmarks.get(benchmark ?? '')
  if (run === undefined) {
    console.error(usage)
    return 2
  }
  const { report, text } = await run({
    ...options,
    env: process.env,
    progress: console.error,
    signal: abortOnSignals(),
  })
  console.log(json ? JSON.stringify(report, undefined, 2) : `\n${text}`)
  return report.ok ? 0 : 1
}

/** What went wrong first: taking down what a failure left half-way may fail too, and wraps it. */
function firstError(error: unknown): unknown {
  return error instanceof SuppressedError ? firstError(error.suppressed) : error
}

try {
  process.exitCode = await main()
} catch (error) {
  const cause = firstError(error)
  console.error(`The benchmark could not run: ${cause instanceof Error ? cause.message : String(cause)}`)
  process.exitCode = 2
}
