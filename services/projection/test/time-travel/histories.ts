import type { JsonObject, JsonValue } from '@daybook/events'
import fc from 'fast-check'

/** An event of a run, as a test says it. */
export interface Told {
  type: string
  data: JsonObject
}

/** Names that mean something to JavaScript or to a JSON Pointer, and some that do not. */
const effectIds = fc.constantFrom('a', 'b', 'c', '7', '__proto__', 'constructor', 'x/y~z')
const payload = fc.constantFrom<JsonValue>(null, 'text', { deep: [1, { a: 'b' }] }, ['x'.repeat(200)])

/** The first event of a run. */
export const created: Told = {
  type: 'RUN_CREATED',
  data: { runId: 'r', processId: 'p', entrypoint: { importPath: './p.js', exportName: 'process' } },
}

/** An effect is asked for. */
export function requested(effectId: string, inputs: JsonValue = null): Told {
  const named = { effectId, invocationKey: `k-${effectId}`, stepId: 's', taskId: 't', kind: 'node' }
  return { type: 'EFFECT_REQUESTED', data: { ...named, inputs } }
}

/** An effect has its result. */
export function resolved(effectId: string, status = 'ok', result: JsonValue = null): Told {
  return { type: 'EFFECT_RESOLVED', data: { effectId, status, result } }
}

const told = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(effectIds, payload).map((args) => requested(...args)) },
  {
    weight: 6,
    arbitrary: fc.tuple(effectIds, fc.constantFrom('ok', 'error'), payload).map((args) => resolved(...args)),
  },
  { weight: 1, arbitrary: effectIds.map((effectId) => ({ type: 'EFFECT_CANCELLED', data: { effectId } })) },
  {
    weight: 2,
    arbitrary: effectIds.map((effectId) => ({
      type: 'COST_TRACKED',
      data: { effectId, model: 'm', inputTokens: 3, costUsd: 0.5 },
    })),
  },
  {
    weight: 2,
    arbitrary: effectIds.map((effectId) => ({
      type: 'EFFECT_PROGRESS',
      data: { effectId, progressPercent: 5 },
    })),
  },
  { weight: 2, arbitrary: fc.constant({ type: 'PROCESS_LOG', data: { message: 'm' } }) },
  { weight: 1, arbitrary: fc.constant(created) },
)

/** Runs as they come by import too: effects that are requested or resolved twice, and events after the end. */
export const histories: fc.Arbitrary<Told[]> = fc
  .tuple(fc.array(told, { minLength: 4, maxLength: 60 }), fc.option(fc.nat({ max: 60 })))
  .map(([events, end]) => {
    const completed = { type: 'RUN_COMPLETED', data: { output: 'o' } }
    return [created, ...(end === null ? events : events.toSpliced(end, 0, completed))]
  })
