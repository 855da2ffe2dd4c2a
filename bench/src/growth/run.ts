import { createDatabase, startNats } from '@daybook/testing'
import { daybookNats } from '../append/daybook-nats.ts'
import type { Scenario, Shape } from '../append/scenario.ts'
import { describeMachine, type Machine } from '../machine.ts'
import { closedLoop, median, quantile } from '../measure.ts'
import { quiesce } from '../quiesce.ts'
import { authorized, type Environment, openPostgres, startDaybook } from '../servers.ts'
import { EVENTS_PER_RUN, filledRun, fillJournal } from './fill.ts'

export interface GrowthOptions {
  seconds: number
  quick: boolean
  env: Environment
  signal: AbortSignal
  progress: (line: string) => void
}

/** What is measured in each journal. `unit` says what the figure counts; more is better. */
interface Measure {
  name: string
  unit: string
  run: (journal: Journal) => Promise<{ perSecond: number; p50Ms: number }>
}

/** A journal of some size, with its services. */
interface Journal {
  events: number
  scenario: Scenario
  gatewayUrl: string
  databaseUrl: string
}

interface GrowthResult {
  name: string
  unit: string
  smallPerSecond: number
  largePerSecond: number
  smallP50Ms: number
  largeP50Ms: number
  ratio: number
}

export interface GrowthReport {
  benchmark: 'growth'
  machine: Machine
  smallEvents: number
  largeEvents: number
  results: readonly GrowthResult[]
  targetRatio: number
  ok: boolean
}

const SMALL_EVENTS = 100_000
const LARGE_EVENTS = 10_000_000
const QUICK_EVENTS = 1_000_000
/** "The same" within what two runs of the same thing differ by on a shared machine. */
const TARGET_RATIO = 0.8
const ROUNDS = 5
const READERS = 4

/** A journal of 100,000 events beside one of ten million, on one Postgres, measured in turns. */
export async function runGrowth(options: GrowthOptions): Promise<GrowthReport> {
  const { env, quick, signal, progress } = options
  const largeEvents = quick ? QUICK_EVENTS : LARGE_EVENTS
  const machine = await describeMachine()
  await using postgres = await openPostgres(env)
  await using small = await openJournal(postgres.url, SMALL_EVENTS, { signal, progress })
  await using large = await openJournal(postgres.url, largeEvents, { signal, progress })
  progress('waiting until Postgres has tidied up')
  // Ten million rows in a few minutes leave dirty pages behind, which whoever appends next would have to write.
  for (const { databaseUrl } of [small, large]) await quiesce(databaseUrl, signal)
  const results: GrowthResult[] = []
  for (const measure of measuresOf(options)) {
    progress(`measuring: ${measure.name}`)
    results.push(await compareSizes(measure, small, large))
  }
  return {
    benchmark: 'growth',
    machine,
    smallEvents: SMALL_EVENTS,
    largeEvents,
    results,
    targetRatio: TARGET_RATIO,
    ok: results.every(({ ratio }) => ratio >= TARGET_RATIO),
  }
}

async function openJournal(
  postgresUrl: string,
  events: number,
  run: { signal: AbortSignal; progress: (line: string) => void },
): Promise<Journal & AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  const nats = stack.use(await startNats())
  const database = stack.use(await createDatabase(postgresUrl))
  const daybook = stack.use(
    await startDaybook({ databaseUrl: database.url, natsUrl: nats.url }, (url) =>
      fillJournal(url, events, run),
    ),
  )
  stack.use(await daybook.startProjection(run.signal))
  const { gatewayUrl } = daybook
  const scenario = daybookNats({ databaseUrl: database.url, natsUrl: nats.url, gatewayUrl })
  const opened = stack.move()
  const databaseUrl = database.url
  return { events, scenario, gatewayUrl, databaseUrl, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

/** In turns, so that what disturbs one disturbs the other as well; medians over the rounds. */
async function compareSizes(measure: Measure, small: Journal, large: Journal): Promise<GrowthResult> {
  const figures = { small: new Array<Figure>(), large: new Array<Figure>() }
  for (let round = 0; round < ROUNDS; round++) {
    figures.small.push(await measure.run(small))
    figures.large.push(await measure.run(large))
  }
  const middle = (of: Figure[], pick: (figure: Figure) => number) => median(of.map(pick))
  const smallPerSecond = middle(figures.small, ({ perSecond }) => perSecond)
  const largePerSecond = middle(figures.large, ({ perSecond }) => perSecond)
  return {
    name: measure.name,
    unit: measure.unit,
    smallPerSecond,
    largePerSecond,
    smallP50Ms: middle(figures.small, ({ p50Ms }) => p50Ms),
    largeP50Ms: middle(figures.large, ({ p50Ms }) => p50Ms),
    ratio: largePerSecond / smallPerSecond,
  }
}

type Figure = Awaited<ReturnType<Measure['run']>>

function measuresOf({ seconds, signal }: GrowthOptions): Measure[] {
  const stretch = { warmUpMs: 500, durationMs: seconds * 1000, signal }
  const append = (shape: Shape): Measure['run'] => {
    return async ({ scenario }) => {
      await using session = await scenario.open(shape)
      const callers = Array.from({ length: shape.callers }, (_, caller) => () => session.append(caller))
      const { requestsPerSecond, latenciesMs } = await closedLoop(callers, stretch)
      return { perSecond: requestsPerSecond * shape.eventsPerRequest, p50Ms: quantile(latenciesMs, 0.5) }
    }
  }
  const readRuns: Measure['run'] = async ({ events, gatewayUrl }) => {
    const readers = Array.from(
      { length: READERS },
      () => () => readRun(gatewayUrl, filledRun(events, Math.random())),
    )
    const { requestsPerSecond, latenciesMs } = await closedLoop(readers, stretch)
    return { perSecond: requestsPerSecond, p50Ms: quantile(latenciesMs, 0.5) }
  }
  return [
    {
      name: 'append, 16 callers, 1 event',
      unit: 'events/s',
      run: append({ callers: 16, eventsPerRequest: 1 }),
    },
    {
      name: 'append, 16 callers, 100 events',
      unit: 'events/s',
      run: append({ callers: 16, eventsPerRequest: 100 }),
    },
    { name: 'read the events of any run, 4 readers', unit: 'runs/s', run: readRuns },
  ]
}

async function readRun(gatewayUrl: string, run: string): Promise<void> {
  const response = await fetch(`${gatewayUrl}/v1/streams/run/${run}/events?limit=100`, {
    headers: authorized,
  })
  const { events }: { events: unknown[] } = JSON.parse(await response.text())
  if (events.length !== EVENTS_PER_RUN) throw new TypeError(`run ${run} has ${events.length} events`)
}
