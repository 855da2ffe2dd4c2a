import type { Stored } from '../append/targets.ts'
import { type Figures, figuresOf, medians, rotate } from '../figures.ts'
import { closedLoop, type Measurement, type Stretch } from '../measure.ts'
import { measureCycle } from './cycle.ts'
import { type InboundPlan, KNOWN_MESSAGES } from './plan.ts'
import { sampleMessage } from './sample-message.ts'
import type { InboundScenario, InboundSession, Received } from './scenario.ts'

/** What is done with messages: brought for the first time, brought again, or brought and worked off. */
export type Job = 'receive' | 'duplicate' | 'cycle'

/** One measurement, which every system has its turn at. */
export interface Shape {
  job: Job
  callers: number
  conversations: number
}

/** What one system did at one shape: the median over the rounds, and the rounds. */
export interface Result extends Figures, Shape {
  system: string
  rounds: readonly Figures[]
}

export interface Run {
  signal: AbortSignal
  progress: (line: string) => void
  /** A name for a source that was not used before. */
  newSource: () => string
  stored: Stored[]
}

/** Messages that are not worked off are spread wide, as those of a bot's users are. */
const WIDE = 1_000

export function shapesOf({ callers, conversations }: InboundPlan): Shape[] {
  const brought = (['receive', 'duplicate'] as const).flatMap((job) =>
    callers.map((count) => ({ job, callers: count, conversations: WIDE })),
  )
  const worked = conversations.flatMap((lanes) =>
    callers.map((count) => ({ job: 'cycle' as const, callers: count, conversations: lanes })),
  )
  return [...brought, ...worked]
}

/** All systems of a shape right after one another, so that a ratio compares neighbours in time; who begins changes. */
export async function compare(
  scenarios: readonly InboundScenario[],
  plan: InboundPlan,
  run: Run,
): Promise<Result[]> {
  const shapes = shapesOf(plan)
  const rounds = new Map<string, Figures[]>()
  for (let round = 0; round < plan.rounds; round += 1) {
    for (const [index, shape] of shapes.entries()) {
      run.progress(`round ${round + 1} of ${plan.rounds}: ${describeShape(shape)}`)
      for (const scenario of rotate(scenarios, round + index)) {
        const key = keyOf(scenario, shape)
        rounds.set(key, [...(rounds.get(key) ?? []), await measure(scenario, shape, { ...run, plan })])
      }
    }
  }
  return shapes.flatMap((shape) =>
    scenarios.map((scenario) => {
      const measured = rounds.get(keyOf(scenario, shape)) ?? []
      return { system: scenario.name, ...shape, ...medians(measured), rounds: measured }
    }),
  )
}

const jobNames: Readonly<Record<Job, string>> = {
  receive: 'receive',
  duplicate: 'receive again',
  cycle: 'receive, claim, complete',
}

export function describeShape({ job, callers, conversations }: Shape): string {
  const who = callers === 1 ? '1 caller' : `${callers} callers`
  const where = job === 'cycle' ? `, ${conversations.toLocaleString('en-US')} conversations` : ''
  return `${jobNames[job]}, ${who}${where}`
}

async function measure(
  scenario: InboundScenario,
  shape: Shape,
  run: Run & { plan: InboundPlan },
): Promise<Figures> {
  const { plan, signal } = run
  const source = run.newSource()
  await using session = await scenario.open({ callers: shape.callers, source })
  const stretch = { warmUpMs: plan.warmUpMs, durationMs: plan.durationMs, signal }
  const load = { ...shape, source }
  const measured = await measureJob(session, load, stretch, (acknowledged, stored) =>
    run.stored.push({ system: scenario.name, acknowledged, stored }),
  )
  await session.settle?.(signal)
  return figuresOf(measured, 1)
}

type Load = Shape & { source: string }
type OnStored = (acknowledged: number, stored: number) => void

async function measureJob(
  session: InboundSession,
  load: Load,
  stretch: Stretch,
  onStored: OnStored,
): Promise<Measurement> {
  if (load.job === 'cycle') return await measureCycle(session, load, stretch)
  const bring = broughtInTurn(session, load)
  if (load.job === 'duplicate') await fill(bring, load.callers)
  const expected = load.job === 'receive' ? 'new' : 'duplicate'
  const numberOf = load.job === 'receive' ? (n: number) => n : (n: number) => n % KNOWN_MESSAGES
  let count = 0
  const request = async (): Promise<void> => {
    count += 1
    requireTold(await bring(numberOf(count - 1)), expected)
  }
  const measured = await closedLoop(Array<typeof request>(load.callers).fill(request), stretch)
  onStored(load.job === 'receive' ? count : KNOWN_MESSAGES, await session.count())
  return measured
}

type Bring = (number: number) => Promise<Received>

function broughtInTurn(session: InboundSession, { source, conversations }: Load): Bring {
  return (number) => session.receive(sampleMessage(source, number, conversations))
}

/** The messages that are to be brought again. */
async function fill(bring: Bring, callers: number): Promise<void> {
  let next = 0
  const caller = async (): Promise<void> => {
    while (next < KNOWN_MESSAGES) {
      next += 1
      requireTold(await bring(next - 1), 'new')
    }
  }
  await Promise.all(Array.from({ length: callers }, caller))
}

/** A wrong answer is none, however fast. */
export function requireTold(told: Received, expected: 'new' | 'duplicate'): void {
  if (told !== expected && told !== 'untold')
    throw new TypeError(`a message was called ${told}, not ${expected}`)
}

function keyOf(scenario: InboundScenario, { job, callers, conversations }: Shape): string {
  return `${scenario.name} ${job} ${callers} ${conversations}`
}
