import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { eventTypes } from '../src/registry.ts'
import { evolveRun } from '../src/run/evolve.ts'
import { foldRun } from '../src/run/fold.ts'
import { type Effect, effectSchema, type RunSummary, runSummarySchema } from '../src/run/summary.ts'
import { effectIdOf } from '../src/run/transition.ts'
import { Validator } from '../src/validator.ts'
import { eventOf, journalOf } from './journal.ts'
import { created, type Given, requested, resolved } from './run-events.ts'

describe('evolveRun', () => {
  const types = fc.constantFrom(...eventTypes.map(({ type }) => type), 'NEWER_TYPE')
  const ids = fc.constantFrom('a', 'b', 'c', '', '__proto__', 7)
  const likely = fc.record(
    {
      effectId: ids,
      kind: fc.constantFrom('node', 'shell', 'constructor'),
      status: fc.constantFrom('ok', 'error', 'odd'),
      processId: fc.constantFrom('p', '', 5),
      labels: fc.constantFrom(['l'], 'l', [1]),
      entrypoint: fc.constantFrom({ importPath: 'x' }, 'x', null),
    },
    { requiredKeys: [] },
  )
  const data = fc.oneof(likely, fc.dictionary(fc.string(), fc.jsonValue()))
  const given = fc
    .array(fc.record({ type: types, data }), { maxLength: 30 })
    .map((list): Given[] => JSON.parse(JSON.stringify(list)))
  const summary = new Validator(runSummarySchema)
  const effect = new Validator(effectSchema)

  it('never throws, whatever the data, and always gives a state that fits its schema', () => {
    fc.assert(
      fc.property(given, (list) => {
        const { run, effects } = foldRun(journalOf('run/r1', list))
        expect(run === undefined || summary.check(run)).toBe(true)
        for (const one of effects.values()) expect(effect.check(one)).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('keeps its counts true', () => {
    fc.assert(
      fc.property(given, (list) => {
        const { run, effects } = foldRun(journalOf('run/r1', [created, ...list]))
        const pending = [...effects.values()].filter(({ status }) => status === 'requested')
        expect(run).toMatchObject({
          effectsTotal: effects.size,
          effectsPending: pending.length,
          lastSeq: list.length + 1,
        })
        const byKind = Map.groupBy(pending, ({ kind }) => kind)
        expect(new Map(Object.entries(run?.pendingByKind ?? {}))).toEqual(
          new Map([...byKind].map(([kind, all]) => [kind, all.length])),
        )
      }),
      { numRuns: 500 },
    )
  })

  it('does with one event after the other what foldRun does with all', () => {
    fc.assert(
      fc.property(given, (list) => {
        const events = journalOf('run/r1', list)
        // As a projection does it: what it keeps has been through JSON, and it loads only what the event names.
        let run: RunSummary | undefined
        const effects = new Map<string, Effect>()
        for (const event of events) {
          const after = throughJson(
            evolveRun({ run, effect: effects.get(effectIdOf(event) ?? 'none') }, event),
          )
          run = after.run
          if (after.effect !== undefined) effects.set(after.effect.effectId, after.effect)
        }
        expect({ run, effects }).toEqual(foldRun(events))
      }),
      { numRuns: 300 },
    )
  })

  it('leaves its input alone', () => {
    const events = journalOf('run/r1', [created, requested('a'), resolved('a'), resolved('a')])
    let state: { run: RunSummary | undefined; effect: Effect | undefined } = {
      run: undefined,
      effect: undefined,
    }
    for (const event of events) {
      const frozen = deepFreeze(structuredClone(state))
      state = evolveRun(frozen, deepFreeze(structuredClone(event)))
    }
    expect(state.run?.faultsTotal).toBe(1)
  })

  it('ignores events of other streams', () => {
    const event = eventOf('import/r1', { type: 'RUN_IMPORTED', data: { runId: 'r1' } })
    expect(evolveRun({ run: undefined, effect: undefined }, event)).toEqual({
      run: undefined,
      effect: undefined,
    })
    expect(foldRun([])).toEqual({ run: undefined, effects: new Map() })
  })
})

/** A copy as it comes back from a store; one without `undefined`, bar the outermost members. */
function throughJson<Value>(value: Value): Value {
  const text = JSON.stringify(value)
  return JSON.parse(text)
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze)
  return value
}
