import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addCost, type Costs } from '../src/run/costs.ts'
import { completed, created, fold, type Given, requested } from './run-events.ts'

function cost(data: Given['data']): Given {
  return { type: 'COST_TRACKED', data: { model: 'm-large', ...data } }
}

describe('what a run cost', () => {
  it('is summed up by kind of token, currency and model, for the run and for the effect', () => {
    const { run, effects } = fold(
      created,
      requested('e'),
      cost({ inputTokens: 1_000, outputTokens: 50, costUsd: 0.1 }),
      cost({ inputTokens: 200, cacheReadTokens: 5, costUsd: 0.2, effectId: 'e' }),
      cost({ model: 'm-small', outputTokens: 7, cost: { currency: 'EUR', amount: 3 }, costUsd: 3.5 }),
    )
    expect(run.costs).toEqual({
      calls: 3,
      tokens: { inputTokens: 1_200, outputTokens: 57, cacheReadTokens: 5 },
      money: { USD: 0.3, EUR: 3 },
      byModel: {
        'm-large': {
          calls: 2,
          tokens: { inputTokens: 1_200, outputTokens: 50, cacheReadTokens: 5 },
          money: { USD: 0.3 },
        },
        'm-small': { calls: 1, tokens: { outputTokens: 7 }, money: { EUR: 3 } },
      },
    })
    expect(effects.get('e')?.costs).toMatchObject({ calls: 1, money: { USD: 0.2 } })
  })

  it('goes on after the end, and does not include what an unknown effect cost in another one', () => {
    const { run, effects } = fold(created, requested('e'), completed, cost({ costUsd: 1, effectId: 'x' }))
    expect(run).toMatchObject({ status: 'completed', faultsTotal: 0, costs: { money: { USD: 1 } } })
    expect(effects.get('e')?.costs).toBeUndefined()
  })

  it('is exact to a billionth, in whatever order the amounts come', () => {
    const billionths = fc.integer({ min: 0, max: 10_000_000_000 })
    fc.assert(
      fc.property(fc.array(billionths, { minLength: 1, maxLength: 60 }), (amounts) => {
        const sums = amounts.reduce<Costs | undefined>(
          (before, amount) => addCost(before, { model: 'm', costUsd: amount / 1e9 }),
          undefined,
        )
        expect(sums?.money['USD']).toBe(amounts.reduce((a, b) => a + b, 0) / 1e9)
      }),
    )
  })

  it.each(['constructor', '__proto__', 'toString'])('counts a model called %s like any other', (model) => {
    const { run } = fold(created, cost({ model, costUsd: 1 }), cost({ model, costUsd: 2 }))
    expect(Object.entries(run.costs?.byModel ?? {})).toEqual([
      [model, { calls: 2, tokens: {}, money: { USD: 3 } }],
    ])
  })

  it('keeps a bounded number of names, and sums up the others', () => {
    const many = Array.from({ length: 500 }, (_, n) =>
      cost({ model: `m${n}`, [`kind${n}Tokens`]: 1, costUsd: 1 }),
    )
    const { run } = fold(created, cost({ model: 'm'.repeat(201), costUsd: 1 }), ...many)
    const { byModel = {}, tokens = {}, money } = run.costs ?? {}
    // `other` came first here, and is one of the 32.
    expect(Object.keys(byModel)).toHaveLength(32)
    expect(byModel['other']?.calls).toBe(501 - 31)
    expect(Object.keys(tokens)).toHaveLength(33)
    expect(tokens['other']).toBe(500 - 32)
    expect(money).toEqual({ USD: 501 })
  })

  it('takes nothing for an amount that is none, and never counts past what it can', () => {
    const { run } = fold(
      created,
      cost({ inputTokens: -5, outputTokens: 'many', costUsd: null, cost: { currency: 'euros', amount: 1 } }),
      cost({ inputTokens: Number.MAX_VALUE }),
      cost({ inputTokens: Number.MAX_VALUE }),
    )
    expect(run.costs).toMatchObject({ calls: 3, tokens: { inputTokens: Number.MAX_SAFE_INTEGER }, money: {} })
  })
})
