import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createDatabase, createTempFolder, startNats } from '@daybook/testing'
import type { DaybookAddresses } from '../append/daybook.ts'
import { describeSystems } from '../conditions.ts'
import { describeMachine } from '../machine.ts'
import { readSettings } from '../postgres-settings.ts'
import { quiesce } from '../quiesce.ts'
import { type Environment, natsVersion, openPostgres, startDaybook } from '../servers.ts'
import { compare, type Run } from './compare.ts'
import { daybookInboundHttp } from './daybook-http.ts'
import { daybookInboundNats } from './daybook-nats.ts'
import { type DrainFigures, measureDrain } from './drain.ts'
import { measureFilled } from './filled.ts'
import { measureOffered, type OfferFigures } from './offer.ts'
import { installPeers } from './peers.ts'
import { type InboundPlan, inboundPlanOf } from './plan.ts'
import type { InboundReport } from './report.ts'
import type { InboundScenario } from './scenario.ts'
import { type InboundFigures, judgeInbound } from './targets.ts'

export interface InboundOptions {
  /** Length of one measurement. */
  seconds: number
  quick: boolean
  env: Environment
  /** Ends the run early; everything that was started is taken down. */
  signal: AbortSignal
  progress: (line: string) => void
}

/** Reads top-down as start order; leaving the scope, in whatever way, stops and removes everything in reverse. */
export async function runInbound(options: InboundOptions): Promise<InboundReport> {
  const { env, signal, progress } = options
  const startedAt = new Date().toISOString()
  progress('starting Postgres, nats-server, journal, inbound and gateway')
  const machine = await describeMachine()
  await using postgres = await openPostgres(env)
  const settings = await readSettings(postgres.url)
  await using nats = await startNats()
  const version = await natsVersion()
  await using database = await createDatabase(postgres.url)
  await using peers = await installPeers(postgres.url)
  await using folder = await createTempFolder()
  await using daybook = await startDaybook({ databaseUrl: database.url, natsUrl: nats.url })
  await using _inbound = await daybook.startInbound({ SOURCES_FILE: await writeSources(folder.path) })

  const addresses = { databaseUrl: database.url, natsUrl: nats.url, gatewayUrl: daybook.gatewayUrl }
  const scenarios = [daybookInboundNats(addresses), daybookInboundHttp(addresses), ...peers.scenarios]
  const plan = inboundPlanOf(options)
  const figures = await measure(scenarios, { plan, addresses, signal, progress })
  const targets = judgeInbound(figures)
  return {
    benchmark: 'inbound',
    startedAt,
    machine,
    postgres: { from: postgres.from, ...settings },
    nats: { version, syncInterval: 'always' },
    systems: await describeSystems(scenarios),
    lacks: scenarios.map(({ name, lacks }) => ({ system: name, lacks })),
    plan,
    ...figures,
    targets,
    ok: targets.every(({ ok }) => ok),
  }
}

interface Measuring extends Pick<InboundOptions, 'signal' | 'progress'> {
  plan: InboundPlan
  addresses: DaybookAddresses
}

async function measure(scenarios: readonly InboundScenario[], measuring: Measuring): Promise<InboundFigures> {
  const { plan, addresses, signal, progress } = measuring
  let sources = 0
  const newSource = (): string => `bench-${++sources}`
  const run: Run = { signal, progress, newSource, stored: [] }
  const results = await compare(scenarios, plan, run)
  progress('waiting until Postgres has tidied up')
  await quiesce(addresses.databaseUrl, signal)
  const offered: OfferFigures[] = []
  for (const workers of [0, plan.backlog.workers])
    for (const scenario of scenarios) offered.push(await offer(scenario, workers, { ...run, plan }))
  const drains: (DrainFigures & { system: string })[] = []
  for (const scenario of scenarios) drains.push(await drain(scenario, { ...run, plan }))
  const { filled: sizes } = plan
  const filled = await measureFilled(daybookInboundNats(addresses), { ...run, filled: sizes })
  return { results, offered, drains, filled, stored: run.stored }
}

type PlannedRun = Run & { plan: InboundPlan }

async function offer(scenario: InboundScenario, workers: number, run: PlannedRun): Promise<OfferFigures> {
  const { plan, newSource, signal, progress } = run
  const worked = workers > 0 ? `, ${workers} workers` : ''
  progress(`${scenario.label}: ${plan.offered.ratePerSecond} messages/s offered${worked}`)
  const source = newSource()
  await using session = await scenario.open({ callers: CALLERS_OFFERING, source })
  const figures = await measureOffered(session, { source, offered: plan.offered, workers, signal })
  await session.settle?.(signal)
  return { system: scenario.name, ...figures }
}

/** Connections for what is offered; the most that any closed loop has. */
const CALLERS_OFFERING = 64

async function drain(
  scenario: InboundScenario,
  { plan, newSource, signal, progress }: PlannedRun,
): Promise<DrainFigures & { system: string }> {
  const { backlog } = plan
  progress(`${scenario.label}: a backlog of ${backlog.messages} messages`)
  const source = newSource()
  await using session = await scenario.open({ callers: backlog.workers, source })
  const figures = await measureDrain(session, { source, signal, backlog })
  await session.settle?.(signal)
  return { system: scenario.name, ...figures }
}

/** Far above what a source holds here: what gives way at the limit is another matter than what each message costs. */
const MAX_ENTRIES = 10_000_000

async function writeSources(folder: string): Promise<string> {
  const file = join(folder, 'sources.json')
  await writeFile(file, JSON.stringify({ sources: { '*': { limits: { maxEntries: MAX_ENTRIES } } } }))
  return file
}
