import { parseAppendRequest } from '@daybook/events'
import { describe, expect, it } from 'vitest'
import { createBatcher } from '../src/batcher.ts'
import { settle } from '../src/settle.ts'
import type { CommittedBatch } from '../src/store/append.ts'
import { log } from './service-fixture.ts'

const AT = '2026-11-21T09:00:00.000Z'
const HEAD = { seq: 0, hash: '0'.repeat(64) }

function jobOf(stream: string, count = 1) {
  const events = Array.from({ length: count }, (_, index) => log(stream, String(index)))
  return { tenant: 'main', request: parseAppendRequest({ events }) }
}

type Jobs = Parameters<Parameters<typeof createBatcher>[0]['commit']>[0]

/** A database that answers when the test says so. */
function gatedDatabase() {
  const batches: { jobs: Jobs; answer: () => void }[] = []
  const commit = (jobs: Jobs): Promise<CommittedBatch> => {
    const { promise, resolve } = Promise.withResolvers<CommittedBatch>()
    const heads = new Map(
      jobs.flatMap(({ request }) => request.events.map(({ stream }) => [`main ${stream}`, HEAD])),
    )
    const { outcomes } = settle(jobs, { heads, byId: new Map(), byKey: new Map() }, AT)
    const answers = outcomes.map((outcome) =>
      'refusal' in outcome ? outcome : { receipts: outcome.receipts(0) },
    )
    batches.push({ jobs, answer: () => resolve({ answers, added: undefined }) })
    return promise
  }
  return { batches, commit }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('the batcher', () => {
  it('writes at once when idle, and gathers while a transaction is under way', async () => {
    const { batches, commit } = gatedDatabase()
    await using batcher = createBatcher({ commit })
    const first = batcher.append(jobOf('run/a'))
    await turn()
    const others = ['run/b', 'run/c', 'run/d'].map((stream) => batcher.append(jobOf(stream)))
    await turn()
    expect(batches.map(({ jobs }) => jobs.length)).toEqual([1])
    batches[0]?.answer()
    await first
    await turn()
    expect(batches.map(({ jobs }) => jobs.length)).toEqual([1, 3])
    batches[1]?.answer()
    await Promise.all(others)
  })

  it('begins a second transaction only when enough waits to fill it, and never a third', async () => {
    const { batches, commit } = gatedDatabase()
    await using batcher = createBatcher({ commit })
    const answers = [batcher.append(jobOf('run/a'))]
    await turn()
    answers.push(batcher.append(jobOf('run/b', 199)))
    await turn()
    expect(batches).toHaveLength(1)
    answers.push(batcher.append(jobOf('run/c', 1)))
    await turn()
    expect(batches).toHaveLength(2)
    answers.push(batcher.append(jobOf('run/d', 500)))
    await turn()
    expect(batches).toHaveLength(2)
    for (let index = 0; index < 3; index += 1) {
      batches[index]?.answer()
      await turn()
    }
    await Promise.all(answers)
  })

  it('is saturated while many events wait, and not because of a few', async () => {
    const { batches, commit } = gatedDatabase()
    await using batcher = createBatcher({ commit })
    const answers = [batcher.append(jobOf('run/a'))]
    await turn()
    answers.push(batcher.append(jobOf('run/b', 99)))
    await turn()
    expect(batcher.isSaturated).toBe(false)
    answers.push(batcher.append(jobOf('run/c', 1)))
    expect(batcher.isSaturated).toBe(true)
    batches[0]?.answer()
    await turn()
    expect(batcher.isSaturated).toBe(false)
    batches[1]?.answer()
    await Promise.all(answers)
  })
})
