import { createDatabase, startNats } from '@daybook/testing'
import { describeSystems } from '../conditions.ts'
import { describeMachine } from '../machine.ts'
import { readSettings } from '../postgres-settings.ts'
import { quiesce } from '../quiesce.ts'
import { type Daybook, type Environment, natsVersion, openPostgres, startDaybook } from '../servers.ts'
import { createJobs, type Measuring, measureDaybook } from './daybook.ts'
import { idleJobs } from './jobs.ts'
import { measurementsOf } from './measurement.ts'
import type { CronPeer } from './peer.ts'
import { installPeers, measurePeer } from './peers.ts'
import { type CronPlan, cronPlanOf } from './plan.ts'
import type { CronReport } from './report.ts'
import type { CronResult } from './result.ts'
import { judgeCron } from './targets.ts'

export interface CronOptions {
  quick: boolean
  env: Environment
  /** Ends the run early; everything that was started is taken down. */
  signal: AbortSignal
  progress: (line: string) => void
}

/** So that it is known when a start was committed, and not only when it was about to be. */
const settings = { track_commit_timestamp: 'on' }

const OURS = { name: 'daybook', label: 'Daybook', packageName: '@daybook/cron' }

/** Reads top-down as start order; leaving the scope, in whatever way, stops and removes everything in reverse. */
export async function runCron(options: CronOptions): Promise<CronReport> {
  const { env, quick, signal, progress } = options
  const startedAt = new Date().toISOString()
  const plan = cronPlanOf(options)
  progress('starting Postgres, nats-server, journal and gateway')
  const machine = await describeMachine()
  await using postgres = await openPostgres(env, settings)
  const postgresSettings = await readSettings(postgres.url)
  await using nats = await startNats()
  const version = await natsVersion()
  await using database = await createDatabase(postgres.url)
  await using installed = await installPeers(postgres.url, plan.peers)
  await using daybook = await startDaybook({ databaseUrl: database.url, natsUrl: nats.url })

  const addresses = { databaseUrl: database.url, natsUrl: nats.url, gatewayUrl: daybook.gatewayUrl }
  const ours = await measureOurs(daybook, plan, { addresses, signal, progress })
  await quiesce(database.url, signal)
  const theirs = await measurePeers(installed.peers, plan, { signal, progress })
  const results = [...ours, ...theirs]
  const targets = judgeCron(results)
  return {
    benchmark: 'cron',
    startedAt,
    machine,
    postgres: { from: postgres.from, ...postgresSettings },
    nats: { version, syncInterval: 'always' },
    systems: await describeSystems([OURS, ...installed.peers]),
    plan,
    quick,
    results,
    lacks: installed.peers.map(({ name, lacks }) => ({ system: name, lacks })),
    targets,
    ok: targets.every(({ ok }) => ok),
  }
}

/** As many instances run as a measurement asks for, and none afterwards: the peers have the machine to themselves. */
async function measureOurs(
  daybook: Daybook,
  plan: CronPlan,
  measuring: Omit<Measuring, 'pace'>,
): Promise<CronResult[]> {
  const results: CronResult[] = []
  let pace: number | undefined
  for (const measurement of measurementsOf(plan)) {
    await using _cron = await daybook.startCron(measurement.instances)
    pace ??= await createJobs(idleJobs(plan.jobs - plan.due, Date.now()), measuring)
    results.push(await measureDaybook(measurement, { ...measuring, pace }))
  }
  return results
}

async function measurePeers(
  peers: readonly CronPeer[],
  { peers: plan }: CronPlan,
  { signal, progress }: Pick<CronOptions, 'signal' | 'progress'>,
): Promise<CronResult[]> {
  const results: CronResult[] = []
  for (const peer of peers) {
    progress(`${peer.label}: ${plan.schedules} schedules, until the minute comes, ${plan.minutes} times`)
    results.push(await measurePeer(peer, plan, signal))
  }
  return results
}
