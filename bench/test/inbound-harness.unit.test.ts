import { describe, expect, it } from 'vitest'
import { measureCycle } from '../src/inbound/cycle.ts'
import { measureDrain } from '../src/inbound/drain.ts'
import type { SampleMessage } from '../src/inbound/sample-message.ts'
import type { InboundSession, WorkEvents } from '../src/inbound/scenario.ts'

/** What a system in memory does with messages: the honest one gives each to one worker, oldest first. */
interface Behaviour {
  next(waiting: SampleMessage[]): SampleMessage | undefined
  timesClaimed: number
  timesCompleted: number
}

const honest: Behaviour = { next: (waiting) => waiting.shift(), timesClaimed: 1, timesCompleted: 1 }

function inMemory(behaviour: Partial<Behaviour>): InboundSession {
  const { next, timesClaimed, timesCompleted } = { ...honest, ...behaviour }
  const waiting: SampleMessage[] = []
  let workers: WorkEvents | undefined
  const workOff = (): void => {
    const on = workers
    if (on === undefined) return
    for (let message = next(waiting); message !== undefined; message = next(waiting)) {
      for (let time = 0; time < timesClaimed; time += 1) on.claimed(message)
      for (let time = 0; time < timesCompleted; time += 1) on.completed(message)
    }
  }
  return {
    async receive(message) {
      waiting.push(message)
      setImmediate(workOff)
      return 'new'
    },
    async work(_workers, on) {
      workers = on
      workOff()
      return { [Symbol.asyncDispose]: async () => void (workers = undefined) }
    },
    count: async () => waiting.length,
    [Symbol.asyncDispose]: async () => undefined,
  }
}

const { signal } = new AbortController()
const stretch = { warmUpMs: 10, durationMs: 30, signal }
const cycle = { source: 'test', callers: 2, conversations: 4 }
const drain = { source: 'test', signal, backlog: { messages: 100, lanes: 10, workers: 2 } }

describe('measureCycle', () => {
  it('counts messages that are completed', async () => {
    const { requestsPerSecond } = await measureCycle(inMemory({}), cycle, stretch)
    expect(requestsPerSecond).toBeGreaterThan(0)
  })

  it('fails when a message is claimed twice, or completed twice', async () => {
    await expect(measureCycle(inMemory({ timesClaimed: 2 }), cycle, stretch)).rejects.toThrow('claimed again')
    const twice = measureCycle(inMemory({ timesCompleted: 2 }), cycle, stretch)
    await expect(twice).rejects.toThrow('completed again')
  })
})

describe('measureDrain', () => {
  it('finds nothing wrong where each conversation is worked off in its order', async () => {
    expect(await measureDrain(inMemory({}), drain)).toMatchObject({ messages: 100, outOfOrder: 0 })
  })

  it('counts what is given out before something earlier of its conversation, or twice', async () => {
    const newestFirst = await measureDrain(inMemory({ next: (waiting) => waiting.pop() }), drain)
    expect(newestFirst.outOfOrder).toBe(90)
    expect((await measureDrain(inMemory({ timesClaimed: 2 }), drain)).outOfOrder).toBe(100)
  })
})
