import { createDatabase, createTempFolder, startNats } from '@daybook/testing'
import { describeSystems } from '../conditions.ts'
import { describeMachine } from '../machine.ts'
import { readSettings } from '../postgres-settings.ts'
import { quiesce } from '../quiesce.ts'
import { type Daybook, type Environment, natsVersion, openPostgres, startDaybook } from '../servers.ts'
import { babysitter } from './babysitter.ts'
import { type Acknowledged, compare, type OpenLoopResult, offer, type Run } from './compare.ts'
import { daybookHttp } from './daybook-http.ts'
import { daybookNats } from './daybook-nats.ts'
import { emmett, installEmmett } from './emmett.ts'
import { installMessageDb, messageDb } from './message-db.ts'
import { installPgBoss, pgBoss } from './pg-boss.ts'
import { installPlainTable, plainInsert } from './plain-insert.ts'
import { type OpenLoop, planOf } from './plan.ts'
import type { Report } from './report.ts'
import type { Scenario } from './scenario.ts'
import { TailReader } from './tail.ts'
import { judge, type Stored } from './targets.ts'

export interface AppendOptions {
  /** Length of one measurement. */
  seconds: number
  quick: boolean
  env: Environment
  /** Ends the run early; everything that was started is taken down. */
  signal: AbortSignal
  progress: (line: string) => void
}

/** Reads top-down as start order; leaving the scope, in whatever way, stops and removes everything in reverse. */
export async function runAppend(options: AppendOptions): Promise<Report> {
  const { env, signal, progress } = options
  const startedAt = new Date().toISOString()
  progress('starting Postgres, nats-server, journal and gateway')
  const machine = await describeMachine()
  await using postgres = await openPostgres(env)
  const settings = await readSettings(postgres.url)
  await using nats = await startNats()
  const version = await natsVersion()
  await using journal = await createDatabase(postgres.url)
  await using peers = await installPeers(postgres.url)
  await using daybook = await startDaybook({ databaseUrl: journal.url, natsUrl: nats.url })

  const addresses = { databaseUrl: journal.url, natsUrl: nats.url, gatewayUrl: daybook.gatewayUrl }
  const throughNats = daybookNats(addresses)
  const scenarios = [throughNats, daybookHttp(addresses), ...peers.scenarios]
  const plan = planOf(options)
  const acknowledged: Acknowledged = new Map()
  const results = await compare(scenarios, plan, { signal, acknowledged, progress })
  const openLoops: OpenLoopResult[] = []
  for (const openLoop of plan.openLoops) {
    progress('waiting until Postgres has tidied up')
    await quiesce(journal.url, signal)
    const run = { signal, acknowledged, progress, daybook }
    openLoops.push(await (openLoop.isWatched ? offerWithReader : offer)(throughNats, openLoop, run))
  }
  const stored = await countStored(scenarios, acknowledged)
  const targets = judge(results, openLoops, stored)
  return {
    benchmark: 'append',
    startedAt,
    machine,
    postgres: { from: postgres.from, ...settings },
    nats: { version, syncInterval: 'always' },
    systems: await describeSystems(scenarios),
    plan,
    results,
    openLoops,
    stored,
    targets,
    ok: targets.every(({ ok }) => ok),
  }
}

/** Meanwhile somebody reads the live tail; the projection service serves it. */
async function offerWithReader(
  scenario: Scenario,
  openLoop: OpenLoop,
  run: Run & { daybook: Daybook },
): Promise<OpenLoopResult> {
  await using projection = await run.daybook.startProjection(run.signal)
  await using tail = await TailReader.open(run.daybook.gatewayUrl, projection.head)
  return await offer(scenario, openLoop, { ...run, tail }) // the reader stays until then
}

/** Each peer in a database, or a folder, of its own. */
async function installPeers(url: string): Promise<AsyncDisposable & { scenarios: Scenario[] }> {
  await using stack = new AsyncDisposableStack()
  const plain = stack.use(await createDatabase(url))
  await installPlainTable(plain.url)
  const messages = stack.use(await createDatabase(url))
  await installMessageDb(messages.url)
  const events = stack.use(await createDatabase(url))
  await installEmmett(events.url)
  const jobs = stack.use(await createDatabase(url))
  await installPgBoss(jobs.url)
  const runs = stack.use(await createTempFolder())
  const installed = stack.move()
  return {
    scenarios: [
      plainInsert(plain.url, 'one'),
      plainInsert(plain.url, 'many'),
      messageDb(messages.url, 'one'),
      messageDb(messages.url, 'per-stream'),
      emmett(events.url),
      pgBoss(jobs.url),
      babysitter(runs.path),
    ],
    [Symbol.asyncDispose]: () => installed.disposeAsync(),
  }
}

async function countStored(scenarios: readonly Scenario[], acknowledged: Acknowledged): Promise<Stored[]> {
  const counted: Stored[] = []
  for (const scenario of scenarios) {
    const { name } = scenario
    counted.push({ system: name, acknowledged: acknowledged.get(name) ?? 0, stored: await scenario.count() })
  }
  return counted
}
