import type { Daybook } from '@daybook/client'
import type { CronRun } from '@daybook/events'
import type { Command } from 'commander'
import { counted } from '../audit/counted.ts'
import { awaitRuns, requireSuccess } from '../cron/await-runs.ts'
import { runColumns, runStateText, timeZoneOf } from '../cron/job-text.ts'
import { instantOption } from '../instant-option.ts'
import { printable } from '../printable.ts'
import type { Session, WithSession } from '../session.ts'
import { table } from '../table.ts'

interface RunNowOptions {
  readonly requestId?: string
  readonly wait?: boolean
}

export function addCronRunNow(program: Command, session: WithSession): void {
  program
    .command('cron:run-now')
    .description('Run a job at once, beside its times; also one that is paused.')
    .argument('<name>')
    .option('--request-id <id>', 'with it the command may be repeated: the same id is the same run')
    .option('--wait', 'until the run has ended; the exit code is 1 unless it succeeded')
    .addHelpText(
      'after',
      '\nIf a run of the job has not ended, this one waits for that; not where the job says --concurrency allow.\n\nExamples:\n  daybook cron:run-now nightly\n  daybook cron:run-now nightly --wait --json | jq .run.result',
    )
    .action(async (name: string, { requestId, wait = false }: RunNowOptions, command: Command) => {
      const at = session(command)
      await using daybook = await at.connect()
      const begun = await daybook.cron.runNow(name, requestId === undefined ? {} : { requestId })
      if (!wait) return await tellRun(at, begun)
      const [run = begun] = await awaitRuns(at, daybook, { name, runs: [begun.run] })
      await tellRun(at, run)
      requireSuccess([run])
    })
}

async function tellRun({ json, print, printJson }: Session, run: CronRun): Promise<void> {
  if (json) return await printJson({ run })
  const { error, reason, result, target } = run
  const said = error === undefined ? (reason ?? target) : `${error.class}: ${error.message}`
  await print(`${run.run} is ${runStateText(run)}${said === undefined ? '' : `: ${printable(said)}`}`)
  if (result !== undefined) await print(printable(JSON.stringify(result)))
}

interface BackfillOptions {
  readonly from: string
  readonly to: string
  readonly backfillId?: string
  readonly dryRun?: boolean
  readonly wait?: boolean
}

export function addCronBackfill(program: Command, session: WithSession): void {
  program
    .command('cron:backfill')
    .description('Make up for times of the past, one after the other, whatever became of them before.')
    .argument('<name>')
    .requiredOption('--from <when>', 'the first of these times, or before it', instantOption)
    .requiredOption('--to <when>', 'the last of these times, or after it', instantOption)
    .option('--dry-run', 'only tell which times these are')
    .option('--backfill-id <id>', 'with it the command may be repeated: the same id makes no further runs')
    .option('--wait', 'until all have ended; the exit code is 1 unless all succeeded')
    .addHelpText(
      'after',
      '\nAt most 500 times at once.\n\nExamples:\n  daybook cron:backfill nightly --from 2026-11-01 --to 2026-11-08 --dry-run\n  daybook cron:backfill nightly --from 7d --to 1d --wait',
    )
    .action(async (name: string, { wait = false, ...options }: BackfillOptions, command: Command) => {
      const at = session(command)
      await using daybook = await at.connect()
      const answer = await daybook.cron.backfill(name, options)
      const { slots, first, last, runs } = answer
      const which = first === undefined ? '' : `, from ${first} to ${last}`
      if (!wait || options.dryRun === true) {
        const verb = options.dryRun === true ? 'would be made up for' : 'are made up for'
        return await (at.json ? at.printJson(answer) : at.print(`${counted(slots, 'time')} ${verb}${which}.`))
      }
      await at.remark(`${counted(slots, 'time')} to make up for${which}.`)
      await tellRuns(at, daybook, { name, runs })
    })
}

async function tellRuns(
  at: Session,
  daybook: Daybook,
  of: { readonly name: string; readonly runs: readonly string[] },
): Promise<void> {
  const runs = await awaitRuns(at, daybook, of)
  if (at.json) await at.printJson({ runs })
  else if (runs.length > 0)
    await at.print(table(runs, runColumns(timeZoneOf(await daybook.cron.get(of.name))), at.colour))
  requireSuccess(runs)
}
