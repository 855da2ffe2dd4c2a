import { type Figures, figuresOf, medians, rotate } from '../figures.ts'
import { closedLoop, openLoop, quantile } from '../measure.ts'
import type { OpenLoop, Plan } from './plan.ts'
import type { Scenario, Shape } from './scenario.ts'
import type { TailReader, TailResult } from './tail.ts'

/** What one system did at one shape: the median over the rounds, and the rounds. */
export interface Result extends Figures, Shape {
  system: string
  rounds: Figures[]
}

export interface OpenLoopResult extends Figures {
  system: string
  offeredPerSecond: number
  seconds: number
  maxMs: number
  /** What a reader of the live tail saw meanwhile; absent when there was none. */
  tail?: TailResult
}

/** Events acknowledged so far, by scenario name: what must be found stored at the end. */
export type Acknowledged = Map<string, number>

export interface Run {
  signal: AbortSignal
  acknowledged: Acknowledged
  progress: (line: string) => void
}

/**
 * Measures every system at every shape, all systems of a shape one right after the other, so that
 * a ratio compares neighbours in time. Who begins changes with every round and shape.
 */
export async function compare(scenarios: readonly Scenario[], plan: Plan, run: Run): Promise<Result[]> {
  const rounds = new Map<string, Figures[]>()
  for (let round = 0; round < plan.rounds; round++) {
    for (const [index, shape] of plan.shapes.entries()) {
      run.progress(`round ${round + 1} of ${plan.rounds}: ${describeShape(shape)}`)
      for (const scenario of rotate(takingPart(scenarios, shape), round + index)) {
        const key = keyOf(scenario, shape)
        rounds.set(key, [...(rounds.get(key) ?? []), await measure(scenario, shape, plan, run)])
      }
    }
  }
  return plan.shapes.flatMap((shape) =>
    takingPart(scenarios, shape).map((scenario) => ({
      system: scenario.name,
      ...shape,
      ...medians(rounds.get(keyOf(scenario, shape)) ?? []),
      rounds: rounds.get(keyOf(scenario, shape)) ?? [],
    })),
  )
}

export function describeShape({ callers, eventsPerRequest }: Shape): string {
  const who = callers === 1 ? '1 caller' : `${callers} callers`
  return eventsPerRequest === 1 ? `${who}, 1 event a request` : `${who}, ${eventsPerRequest} events a request`
}

async function measure(scenario: Scenario, shape: Shape, plan: Plan, run: Run): Promise<Figures> {
  await using session = await scenario.open(shape)
  const callers = Array.from({ length: shape.callers }, (_, caller) => async () => {
    await session.append(caller)
    acknowledge(run, scenario, shape.eventsPerRequest)
  })
  const measured = await closedLoop(callers, {
    warmUpMs: plan.warmUpMs,
    durationMs: plan.durationMs,
    signal: run.signal,
  })
  await scenario.settle?.(run.signal)
  return figuresOf(measured, shape.eventsPerRequest)
}

/** Single events at a fixed rate, whatever the system does, with a reader at the live tail or without one. */
export async function offer(
  scenario: Scenario,
  plan: OpenLoop,
  run: Run & { tail?: TailReader },
): Promise<OpenLoopResult> {
  const watched = plan.isWatched ? ', with projections and a reader' : ''
  run.progress(`${scenario.label}: ${plan.ratePerSecond} events/s offered${watched}`)
  await using session = await scenario.open({ callers: plan.callers, eventsPerRequest: 1 })
  const { tail } = run
  const request = async (index: number, dueAt: number): Promise<void> => {
    await session.append(index % plan.callers, tail && ((id) => tail.expect(id, dueAt)))
    acknowledge(run, scenario, 1)
  }
  const measured = await openLoop(request, { ...plan, signal: run.signal })
  return {
    system: scenario.name,
    offeredPerSecond: plan.ratePerSecond,
    seconds: plan.durationMs / 1000,
    ...figuresOf(measured, 1),
    maxMs: quantile(measured.latenciesMs, 1),
    ...(tail && { tail: await tail.result(run.signal) }),
  }
}

function acknowledge(run: Run, scenario: Scenario, events: number): void {
  run.acknowledged.set(scenario.name, (run.acknowledged.get(scenario.name) ?? 0) + events)
}

function takingPart(scenarios: readonly Scenario[], shape: Shape): Scenario[] {
  return scenarios.filter((scenario) => scenario.takesPart?.(shape) ?? true)
}

function keyOf(scenario: Scenario, shape: Shape): string {
  return `${scenario.name} ${shape.callers} ${shape.eventsPerRequest}`
}
