import { expect, it } from 'vitest'
import { startRounds } from '../src/index.ts'

/** A round that the test ends when it likes. */
function heldRounds() {
  const begun: PromiseWithResolvers<void>[] = []
  const failures: unknown[] = []
  const reached = new Map<number, PromiseWithResolvers<AbortSignal>>()
  const nth = (count: number) => {
    const known = reached.get(count) ?? Promise.withResolvers<AbortSignal>()
    reached.set(count, known)
    return known
  }
  const parts = {
    everyMs: 0,
    round: async (signal: AbortSignal) => {
      const held = Promise.withResolvers<void>()
      begun.push(held)
      nth(begun.length).resolve(signal)
      await held.promise
    },
    onFailure: (error: unknown) => void failures.push(error),
  }
  return { parts, begun, failures, nth: (count: number) => nth(count).promise }
}

it('goes on with the next round after one that failed, and tells of it', async () => {
  const { parts, begun, failures, nth } = heldRounds()
  const rounds = startRounds(parts)
  await nth(1)
  begun[0]?.reject(new Error('the first one'))
  await nth(2)
  expect(failures).toEqual([new Error('the first one')])
  const disposing = rounds[Symbol.asyncDispose]()
  begun[1]?.resolve()
  await disposing
  expect(failures).toHaveLength(1)
})

it('is disposed when the round under way has ended, which is told; and begins no other one', async () => {
  const { parts, begun, nth } = heldRounds()
  const rounds = startRounds(parts)
  const signal = await nth(1)
  let isDisposed = false
  const disposing = Promise.resolve(rounds[Symbol.asyncDispose]()).finally(() => {
    isDisposed = true
  })
  expect(signal.aborted).toBe(true)
  await new Promise((resolve) => setImmediate(resolve))
  expect(isDisposed).toBe(false)
  begun[0]?.resolve()
  await disposing
  expect(begun).toHaveLength(1)
})

it('does not wait for the pause to be over when it is disposed', async () => {
  const { parts, begun, nth } = heldRounds()
  const rounds = startRounds({ ...parts, everyMs: 3_600_000 })
  await nth(1)
  begun[0]?.resolve()
  await new Promise((resolve) => setImmediate(resolve))
  await rounds[Symbol.asyncDispose]()
  expect(begun).toHaveLength(1)
})
