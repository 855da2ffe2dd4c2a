import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { closedLoop, median, openLoop, quantile } from '../src/measure.ts'

const stretch = { warmUpMs: 20, durationMs: 200, signal: new AbortController().signal }

describe('quantile', () => {
  it('is the nearest rank of the sorted values', () => {
    const values = Array.from({ length: 100 }, (_, index) => index + 1)
    expect([0.5, 0.99, 1].map((q) => quantile(values, q))).toEqual([50, 99, 100])
  })

  it('is NaN when nothing was measured', () => {
    expect(quantile([], 0.5)).toBeNaN()
  })
})

describe('median', () => {
  it('is the middle of an odd number of values and between the two of an even one', () => {
    expect([median([9, 1, 2]), median([4, 1, 2, 9]), median([])]).toEqual([2, 3, Number.NaN])
  })
})

describe('closedLoop', () => {
  it('has one request of each caller on its way at a time', async () => {
    let running = 0
    let most = 0
    const caller = async (): Promise<void> => {
      running += 1
      most = Math.max(most, running)
      await delay(5)
      running -= 1
    }
    const { latenciesMs, requestsPerSecond } = await closedLoop([caller, caller, caller], stretch)
    expect(most).toBe(3)
    expect(quantile(latenciesMs, 0)).toBeGreaterThan(4)
    expect(requestsPerSecond).toBeLessThan(3 * 250)
  })

  it('stops all callers and throws what the first failure was', async () => {
    const load = closedLoop([() => delay(1), () => Promise.reject(new Error('refused'))], {
      ...stretch,
      durationMs: 60_000,
    })
    await expect(load).rejects.toThrow('refused')
  })

  it('ends early when it is told to', async () => {
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(closedLoop([() => delay(1)], { ...stretch, signal })).rejects.toThrow('enough')
  })
})

describe('openLoop', () => {
  it('sends at the offered rate and leaves the warm-up out', async () => {
    let sent = 0
    const request = async (): Promise<void> => {
      sent += 1
    }
    const { latenciesMs } = await openLoop(request, { ...stretch, ratePerSecond: 1000 })
    expect(sent).toBe(220)
    expect(latenciesMs).toHaveLength(200)
  })

  it('counts the wait of requests that were due while the system stood still', async () => {
    const stalledUntil = performance.now() + 150
    const request = (): Promise<void> => delay(Math.max(0, stalledUntil - performance.now()))
    const { latenciesMs } = await openLoop(request, { ...stretch, ratePerSecond: 1000 })
    expect(quantile(latenciesMs, 1)).toBeGreaterThan(100)
    expect(quantile(latenciesMs, 0.5)).toBeGreaterThan(10)
  })

  it('throws the first failure', async () => {
    const load = openLoop(() => Promise.reject(new Error('refused')), { ...stretch, ratePerSecond: 1000 })
    await expect(load).rejects.toThrow('refused')
  })
})
