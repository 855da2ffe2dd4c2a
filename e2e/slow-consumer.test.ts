import { describeWithServer, runSql, waitFor } from '@daybook/testing'
import { expect, it } from 'vitest'
import { EVENTS_PER_RUN, fillJournal } from './backlog.ts'
import { asGateway, deploy } from './deployment.ts'
import { expectExact } from './exact.ts'
import { startLoad } from './load.ts'
import { isLong } from './long.ts'
import { limitMemory } from './memory-limit.ts'

/** Longer than JetStream waits for an acknowledgement (30 s) before it delivers again. */
const STOPPED_MS = 31_000
const LOCK_CHECKPOINT = 'select position from projection.checkpoints for update nowait'
const BACKLOG = isLong ? 1_000_000 : 100_000
const MEMORY_MIB = 256
/** Where control groups cannot be made only the heap is bounded; the rest of the process takes about as much. */
const HEAP_LIMIT = '--max-old-space-size=128'

describeWithServer('A projection', () => {
  // Without the timeout of idle transactions the lock on the checkpoint is held for as long as the process is stopped.
  it('that is stopped for 30 seconds, with a transaction open, goes on as if nothing had been', async () => {
    await using deployment = await deploy()
    const { projection } = deployment.services
    await using daybook = await deployment.connect()
    await projection.arm('projection.before-commit', { passing: 2, signal: 'SIGSTOP' })
    // Not before: what a slow restart finds waiting is applied in one go, and is passed once.
    const load = startLoad(daybook, { writers: 2, runsMax: 40 })
    await projection.struck()
    const stoppedAt = performance.now()
    // Another instance could go on: Postgres has ended the transaction, and the lock on the checkpoint with it.
    await waitFor(() => runSql(deployment.databaseUrl, LOCK_CHECKPOINT), {
      timeoutMs: STOPPED_MS,
      what: 'the lock on the checkpoint',
    })
    await waitFor(() => performance.now() - stoppedAt > STOPPED_MS, {
      timeoutMs: STOPPED_MS + 10_000,
      what: 'thirty seconds to pass',
    })
    projection.process.resume()
    await load.stop()
    await expectExact(deployment, daybook, load.acknowledged)
  }, 180_000)

  // The kernel ends a process that needs more. (Without bounds on pages a backlog of 100,000 still fits; tried.)
  it(`works off ${BACKLOG} events in ${MEMORY_MIB} MiB, beside a reader that hardly reads`, async () => {
    await using limit = await limitMemory(MEMORY_MIB)
    const env = limit === undefined ? { NODE_OPTIONS: HEAP_LIMIT } : {}
    await using deployment = await deploy({ projection: { env, ...limit } })
    const { projection } = deployment.services
    await using slow = await openSlowTail(projection.url)
    await fillJournal(deployment.databaseUrl, BACKLOG)
    await using daybook = await deployment.connect()
    const runId = `backlog-${BACKLOG / EVENTS_PER_RUN - 1}`
    const last = await waitFor(() => daybook.runs.get(runId, { minPosition: BACKLOG }), {
      timeoutMs: 600_000,
      what: 'the projection to be level with the journal',
    })
    expect(last.status).toBe('completed')
    expect(await slow.read(2_000)).toEqual(Array.from({ length: 2_000 }, (_, index) => index + 1))
    if (limit !== undefined) expect(await limit.peakMiB()).toBeLessThanOrEqual(MEMORY_MIB)
    expect(projection.process.output).not.toContain('out of memory')
  }, 900_000)
})

/** A reader of the live tail from the first event on that takes nothing until it is asked to. */
async function openSlowTail(url: string) {
  const controller = new AbortController()
  const response = await fetch(`${url}/v1/events?after=0`, {
    headers: { ...asGateway(), accept: 'text/event-stream' },
    signal: controller.signal,
  })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  if (reader === undefined) throw new Error(`the tail answered ${response.status} without a body`)
  return {
    /** The ids of its first so many events. */
    async read(count: number): Promise<number[]> {
      let text = ''
      for (;;) {
        const ids = [...text.matchAll(/^id: ?(\d+)$/gm)].map((match) => Number(match[1]))
        if (ids.length > count) return ids.slice(0, count)
        const { value, done } = await reader.read()
        if (done) throw new Error(`the tail ended after ${ids.length} events`)
        text += value
      }
    },
    async [Symbol.asyncDispose]() {
      controller.abort()
    },
  }
}
