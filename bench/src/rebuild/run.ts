import { setTimeout as delay } from 'node:timers/promises'
import { createDatabase, startNats } from '@daybook/testing'
import { describeMachine, type Machine } from '../machine.ts'
import { median, quantile } from '../measure.ts'
import { quiesce } from '../quiesce.ts'
import { authorized, type Environment, openPostgres, startDaybook } from '../servers.ts'
import { EFFECTS_PER_RUN, EVENTS_PER_RUN, fillRuns } from './fill.ts'

export interface RebuildOptions {
  quick: boolean
  env: Environment
  signal: AbortSignal
  progress: (line: string) => void
}

/** One rebuild, from the request to the moment from which the new tables are read. */
interface RebuildRound {
  seconds: number
  eventsPerSecond: number
  /** Reads of runs that were answered meanwhile, and how long the slowest hundredth took at least. */
  reads: number
  readsP99Ms: number
}

export interface RebuildReport {
  benchmark: 'rebuild'
  machine: Machine
  events: number
  rounds: readonly RebuildRound[]
  eventsPerSecond: number
  targetPerSecond: number
  failedReads: number
  verified: { runs: number; effects: number; difference: unknown }
  /** Whether every run and effect was there to be compared, and none differed. */
  isWhole: boolean
  ok: boolean
}

const EVENTS = 500_000
const QUICK_EVENTS = 100_000
const ROUNDS = 3
/** A million events in less than a minute: a rebuild is nothing to be planned for. */
const TARGET_PER_SECOND = 20_000
/** Enough to see that the old tables serve, too few to slow the rebuild down. */
const READ_EVERY_MS = 50
const LOOK_EVERY_MS = 100

interface Projection {
  name: string
  rebuild: { failure: string | null } | null
  generations: { generation: number; state: string }[]
}

/** Rebuilds the read model of runs several times while it is read, and compares the last one with a fresh fold. */
export async function runRebuild(options: RebuildOptions): Promise<RebuildReport> {
  const { env, quick, signal, progress } = options
  const events = quick ? QUICK_EVENTS : EVENTS
  const machine = await describeMachine()
  await using postgres = await openPostgres(env)
  await using nats = await startNats()
  await using database = await createDatabase(postgres.url)
  progress(`filling a journal with ${events} events`)
  await using daybook = await startDaybook({ databaseUrl: database.url, natsUrl: nats.url }, (url) =>
    fillRuns(url, events, signal),
  )
  progress('starting the projection')
  await using _projection = await daybook.startProjection(signal)
  const rounds: RebuildRound[] = []
  const reads = { failed: 0 }
  for (let round = 1; round <= (quick ? 1 : ROUNDS); round += 1) {
    progress(`rebuilding, round ${round}`)
    await quiesce(database.url, signal)
    rounds.push(await rebuildOnce(daybook.gatewayUrl, { events, reads, signal }))
  }
  progress('comparing with a fresh fold')
  const verified = await verify(daybook.gatewayUrl, signal)
  const eventsPerSecond = median(rounds.map((round) => round.eventsPerSecond))
  const isWhole =
    verified.difference === null &&
    verified.runs === events / EVENTS_PER_RUN &&
    verified.effects === (events / EVENTS_PER_RUN) * EFFECTS_PER_RUN
  return {
    benchmark: 'rebuild',
    machine,
    events,
    rounds,
    eventsPerSecond,
    targetPerSecond: TARGET_PER_SECOND,
    failedReads: reads.failed,
    verified,
    isWhole,
    ok: eventsPerSecond >= TARGET_PER_SECOND && reads.failed === 0 && isWhole,
  }
}

interface RoundParts {
  events: number
  reads: { failed: number }
  signal: AbortSignal
}

async function rebuildOnce(url: string, { events, reads, signal }: RoundParts): Promise<RebuildRound> {
  const ended = new AbortController()
  const reading = readMeanwhile(url, ended.signal)
  const startedAt = performance.now()
  const { generation } = await begin(url)
  for (;;) {
    signal.throwIfAborted()
    const { rebuild, generations } = await look(url)
    if (rebuild?.failure) throw new Error(`the rebuild failed: ${rebuild.failure}`)
    if (generations.some((each) => each.generation === generation && each.state === 'running')) break
    await delay(LOOK_EVERY_MS, undefined, { signal })
  }
  const seconds = (performance.now() - startedAt) / 1_000
  ended.abort()
  const { latenciesMs, failed } = await reading
  reads.failed += failed
  const readsP99Ms = quantile(latenciesMs, 0.99)
  return { seconds, eventsPerSecond: events / seconds, reads: latenciesMs.length, readsP99Ms }
}

async function begin(url: string): Promise<{ generation: number }> {
  const response = await fetch(`${url}/v1/projections/runs/rebuild`, {
    method: 'POST',
    headers: { ...authorized, 'content-type': 'application/json' },
    body: JSON.stringify({ reason: 'a benchmark' }),
  })
  const asked: Projection = JSON.parse(await response.text())
  const newest = asked.generations[0]
  if (newest === undefined) throw new Error('the projection has no generations')
  return newest
}

async function look(url: string): Promise<Projection> {
  const response = await fetch(`${url}/v1/projections`, { headers: authorized })
  const { projections }: { projections: Projection[] } = JSON.parse(await response.text())
  const runs = projections.find(({ name }) => name === 'runs')
  if (runs === undefined) throw new Error('there is no projection')
  return runs
}

async function readMeanwhile(
  url: string,
  ended: AbortSignal,
): Promise<{ latenciesMs: number[]; failed: number }> {
  const latenciesMs: number[] = []
  let failed = 0
  while (!ended.aborted) {
    const startedAt = performance.now()
    const response = await fetch(`${url}/v1/runs/r7`, { headers: authorized })
    const run: { effectsTotal?: number } = JSON.parse(await response.text())
    if (run.effectsTotal === EFFECTS_PER_RUN) latenciesMs.push(performance.now() - startedAt)
    else failed += 1
    await delay(READ_EVERY_MS)
  }
  return { latenciesMs, failed }
}

async function verify(url: string, signal: AbortSignal): Promise<RebuildReport['verified']> {
  const total = { runs: 0, effects: 0 }
  for (let cursor = ''; ; ) {
    signal.throwIfAborted()
    const query = cursor === '' ? '' : `?cursor=${cursor}`
    const response = await fetch(`${url}/v1/projections/runs/verify${query}`, {
      method: 'POST',
      headers: authorized,
    })
    const part: { runs: number; effects: number; difference: unknown; next: string | null } = JSON.parse(
      await response.text(),
    )
    total.runs += part.runs
    total.effects += part.effects
    if (part.next === null) return { ...total, difference: part.difference }
    cursor = part.next
  }
}
