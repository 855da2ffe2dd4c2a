import { createDatabase, createTempFolder, startNats } from '@daybook/testing'
import { describeMachine, type Machine } from '../machine.ts'
import { median } from '../measure.ts'
import { quiesce } from '../quiesce.ts'
import { type Environment, openPostgres, startDaybook } from '../servers.ts'
import { readVersions } from '../versions.ts'
import { type CommandFigures, compareCommands, daybookArgs, runCommand } from './commands.ts'
import { writeFileRun } from './file-tool.ts'
import { fillLongRun, LONG_RUN } from './fill.ts'
import { readTail, type TailFigures } from './http.ts'
import { measureColdState, measureRead, type ReadFigures, readsOf } from './reads.ts'
import { judgeRuns, type Verdict } from './targets.ts'

export interface RunsOptions {
  seconds: number
  quick: boolean
  env: Environment
  signal: AbortSignal
  progress: (line: string) => void
}

/** Everything that one run of this benchmark found out. `--json` prints it as it is. */
export interface RunsReport extends RunsFigures {
  benchmark: 'runs'
  machine: Machine
  fileToolVersion: string
  targets: readonly Verdict[]
  ok: boolean
}

export interface RunsFigures {
  /** Of the long run, and of the one that both tools have. */
  events: number
  comparedEvents: number
  reads: readonly ReadFigures[]
  coldStateMs: number
  tail: TailFigures
  /** `run:audit` of the long run, from the start of the process to its end, by form. */
  auditMs: Readonly<Record<AuditForm, number>>
  commands: readonly CommandFigures[]
}

type AuditForm = 'json' | 'html'

/** Large for a run, and what the other tool was measured with: it appends 140 events/s at 10,000. */
const SIZES = { events: 50_000, comparedEvents: 2_000 }
const QUICK_SIZES = { events: 12_500, comparedEvents: 200 }
/** Processes take as long as the machine lets them: a median of fewer says little. */
const ROUNDS = 7
const COLD_ROUNDS = 3

/** Reads of a long run through the gateway, and the commands about runs beside those of the file-per-event tool. */
export async function runRuns(options: RunsOptions): Promise<RunsReport> {
  const { env, quick, signal, progress } = options
  const sizes = quick ? QUICK_SIZES : SIZES
  const machine = await describeMachine()
  const versionOf = await readVersions()
  await using postgres = await openPostgres(env)
  await using nats = await startNats()
  await using database = await createDatabase(postgres.url)
  progress(`filling a journal with a run of ${sizes.events} events among ${sizes.events * 4}`)
  await using daybook = await startDaybook({ databaseUrl: database.url, natsUrl: nats.url }, (url) =>
    fillLongRun(url, sizes.events, signal),
  )
  progress('starting the projection')
  await using _projection = await daybook.startProjection(signal)
  await quiesce(database.url, signal)
  const where = { gatewayUrl: daybook.gatewayUrl, databaseUrl: database.url }
  const longRun = await measureLongRun(where, sizes.events, options)
  const commands = await measureCommands(daybook.gatewayUrl, sizes.comparedEvents, options)
  const figures: RunsFigures = { ...sizes, ...longRun, commands }
  const targets = judgeRuns(figures)
  return {
    benchmark: 'runs',
    machine,
    fileToolVersion: versionOf('@a5c-ai/babysitter-sdk'),
    ...figures,
    targets,
    ok: targets.every(({ ok }) => ok),
  }
}

type LongRunFigures = Pick<RunsFigures, 'reads' | 'coldStateMs' | 'tail' | 'auditMs'>

async function measureLongRun(
  where: { gatewayUrl: string; databaseUrl: string },
  events: number,
  { seconds, quick, signal, progress }: RunsOptions,
): Promise<LongRunFigures> {
  progress('measuring: the first state without the cache')
  const cold: number[] = []
  for (let round = 0; round < (quick ? 1 : COLD_ROUNDS); round += 1)
    cold.push(await measureColdState(where, events))
  const reads: ReadFigures[] = []
  for (const read of readsOf(events)) {
    progress(`measuring: ${read.name}`)
    reads.push(
      await measureRead(where.gatewayUrl, read, { warmUpMs: 500, durationMs: seconds * 1_000, signal }),
    )
  }
  progress('measuring: a live tail from the middle')
  const tape = `${where.gatewayUrl}/v1/streams/run/${LONG_RUN}/events`
  const tail = await readTail(tape, events / 2, events)
  progress('measuring: run:audit')
  return { reads, coldStateMs: median(cold), tail, auditMs: await measureAudits(where.gatewayUrl, events) }
}

async function measureAudits(gatewayUrl: string, events: number): Promise<RunsFigures['auditMs']> {
  const audit = async (form: AuditForm): Promise<number> => {
    const { ms, stdout } = await runCommand(daybookArgs(gatewayUrl, 'run:audit', LONG_RUN, `--${form}`))
    const lines = form === 'json' ? trailOf(stdout).length : stdout.match(/<span class="n">/g)?.length
    if (lines !== events) throw new TypeError(`run:audit --${form} told of ${lines} events`)
    return ms
  }
  return { json: await audit('json'), html: await audit('html') }
}

function trailOf(stdout: string): unknown[] {
  const { trail }: { trail: unknown[] } = JSON.parse(stdout)
  return trail
}

async function measureCommands(
  gatewayUrl: string,
  events: number,
  { quick, signal, progress }: RunsOptions,
): Promise<CommandFigures[]> {
  progress(`writing a run of ${events} events with the file-per-event tool, and importing it`)
  await using folder = await createTempFolder()
  const run = await writeFileRun(folder.path, events, signal)
  await runCommand(daybookArgs(gatewayUrl, 'run:import', run.path))
  progress('measuring: commands, in turns')
  return await compareCommands(gatewayUrl, run, { rounds: quick ? 2 : ROUNDS, signal })
}
