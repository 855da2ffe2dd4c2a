import { setTimeout as pause } from 'node:timers/promises'
import { waitFor } from '@daybook/testing'
import { describe, expect, it } from 'vitest'
import {
  connectDaybook,
  PermanentError,
  type RunHandler,
  type WorkerOptions,
  type WorkerProblem,
} from '../src/index.ts'
import { CronServer } from './cron-server.ts'

/** Short waits, since the end of a test waits for them; the signals of the tests' own process are left alone. */
const QUICK = { waitMs: 200, handleSignals: false, drainMs: 5_000 }

/** A worker, and everything that it found wrong. */
async function openWorker(server: CronServer, handler: RunHandler, options: WorkerOptions = {}, job = '*') {
  const daybook = await connectDaybook({ url: server.url })
  const problems: WorkerProblem[] = []
  const onProblem = (problem: WorkerProblem) => problems.push(problem)
  const worker = daybook.cron.handle(job, handler, { ...QUICK, onProblem, ...options })
  return Object.assign(worker, { problems })
}

async function untilState(server: CronServer, run: string, state: string, job = 'nightly'): Promise<void> {
  await waitFor(() => server.run(job, run).state === state, { what: `${run} to be ${state}` })
}

/** Work that ends with its signal only. */
async function untilAborted(signal: AbortSignal): Promise<never> {
  await pause(60_000, undefined, { signal })
  throw new Error('a test does not wait so long')
}

describe('a handler', () => {
  it('gets the run with its payload, and what it returns is the result', async () => {
    await using server = await new CronServer().listen()
    server.define('nightly')
    const run = server.runNow('nightly', 'r1')
    await using worker = await openWorker(server, ({ job, payload, attempt, cause }) => ({
      job,
      payload,
      attempt,
      cause,
    }))
    await untilState(server, run, 'succeeded')
    const result = { job: 'nightly', payload: { what: 'digest' }, attempt: 1, cause: 'now' }
    expect(server.run('nightly', run).result).toEqual(result)
    expect(worker.problems).toEqual([])
  })

  it('works on runs of its job only, unless it is for all of them', async () => {
    await using server = await new CronServer().listen()
    for (const job of ['nightly', 'sync']) server.define(job)
    const [other, run] = [server.runNow('sync', 's1'), server.runNow('nightly', 'r1')]
    {
      await using _worker = await openWorker(server, () => undefined, {}, 'nightly')
      await untilState(server, run, 'succeeded')
      await waitFor(() => server.asked('/claim') >= 2, { what: 'another claim' })
      expect(server.run('sync', other).state).toBe('active')
    }
    await using _all = await openWorker(server, () => undefined)
    await untilState(server, other, 'succeeded', 'sync')
  })

  it('keeps its run for longer than the lease', async () => {
    await using server = await new CronServer().listen()
    server.define('nightly')
    const run = server.runNow('nightly', 'r1')
    await using _worker = await openWorker(server, () => pause(2_200, 'done'), { leaseMs: 1_000 })
    await untilState(server, run, 'succeeded')
    expect(server.count('CRON_RUN_EXTENDED')).toBeGreaterThanOrEqual(3)
    expect(server.count('CRON_RUN_CLAIMED')).toBe(1)
  })

  it('that throws fails the attempt, which the job may have tried again', async () => {
    await using server = await new CronServer().listen()
    server.define('nightly', { retry: { maxAttempts: 3, backoffMs: 60_000 } })
    const [run, hopeless] = [server.runNow('nightly', 'r1'), server.runNow('nightly', 'r2')]
    await using worker = await openWorker(server, (claimed) => {
      if (claimed.run === hopeless) throw new PermanentError('There is no such report.')
      throw Object.assign(new Error('503'), { code: 'away' })
    })
    await untilState(server, run, 'retrying')
    await untilState(server, hopeless, 'failed')
    expect(server.run('nightly', run).failures).toMatchObject([{ error: { class: 'away', retryable: true } }])
    expect(server.run('nightly', hopeless).error).toMatchObject({ class: 'PermanentError', retryable: false })
    expect(worker.problems.map(({ doing, key }) => [doing, key])).toContainEqual(['work', `nightly/${run}`])
  })

  it('whose result the journal does not take has failed', async () => {
    await using server = await new CronServer().listen()
    server.define('nightly')
    const run = server.runNow('nightly', 'r1')
    server.faults.push({ path: '/finish', kind: 'refuse', code: 'payload-too-large' })
    await using _worker = await openWorker(server, () => 'long')
    await untilState(server, run, 'failed')
    expect(server.run('nightly', run).error).toMatchObject({ class: 'payload-too-large' })
  })

  it('whose last word is lost tells it again, and has ended once', async () => {
    await using server = await new CronServer().listen()
    server.define('nightly')
    const run = server.runNow('nightly', 'r1')
    server.faults.push({ path: '/claim', kind: 'lose' }, { path: '/finish', kind: 'lose' })
    let runs = 0
    await using _worker = await openWorker(server, () => {
      runs += 1
    })
    await waitFor(() => server.asked('/finish') === 2, { what: 'the repetition' })
    await untilState(server, run, 'succeeded')
    expect([runs, server.count('CRON_RUN_CLAIMED'), server.count('CRON_RUN_FINISHED')]).toEqual([1, 1, 1])
  })
})

describe('somebody who wants a run to end', () => {
  it('is heard at once, though the lease is long, and waits until the handler has ended', async () => {
    await using server = await new CronServer().listen()
    server.define('nightly', { action: { do: 'deliver', leaseMs: 120_000 } })
    const run = server.runNow('nightly', 'r1')
    const told: string[] = []
    await using worker = await openWorker(server, async (_run, { signal }) => {
      await untilAborted(signal).catch(() => undefined)
      told.push(server.run('nightly', run).state)
      await pause(300)
      told.push(server.run('nightly', run).state)
      return 'half of it'
    })
    await server.until('CRON_RUN_CLAIMED', 1)
    await waitFor(() => server.followers === 1, { what: 'the tail' })
    server.do('nightly', { name: 'cancel', run })
    await untilState(server, run, 'cancelled')
    expect(told).toEqual(['active', 'active'])
    expect(server.run('nightly', run).result).toBeUndefined()
    expect(worker.problems).toEqual([])
  })

  it('is heard with the next extension where the journal cannot be followed', async () => {
    await using server = await new CronServer().listen()
    server.tells = false
    server.define('nightly')
    const run = server.runNow('nightly', 'r1')
    const options = { leaseMs: 1_500 }
    await using worker = await openWorker(server, (_run, { signal }) => untilAborted(signal), options)
    await server.until('CRON_RUN_CLAIMED', 1)
    server.do('nightly', { name: 'cancel', run })
    await untilState(server, run, 'cancelled')
    expect(worker.problems).toMatchObject([{ doing: 'follow', error: { code: 'forbidden' } }])
  })
})

describe('a lease that is lost', () => {
  it('ends the handler, and nothing is told of what it did', async () => {
    await using server = await new CronServer().listen()
    server.define('nightly', { timeoutMs: 1_000 })
    const run = server.runNow('nightly', 'r1')
    let reason: unknown
    await using worker = await openWorker(server, async (_run, { signal }) => {
      await untilAborted(signal).catch(() => undefined)
      reason = signal.reason
    })
    await waitFor(() => worker.problems.length > 0, { what: 'the deadline' })
    expect(reason).toMatchObject({ code: 'lease-lost' })
    expect(server.asked('/finish')).toBe(0)
    server.do('nightly', { name: 'tick' })
    expect(server.run('nightly', run).state).toBe('timed-out')
  })
})

describe('a worker that is stopped', () => {
  it('lets what it began finish, and claims no more', async () => {
    await using server = await new CronServer().listen()
    server.define('nightly')
    const run = server.runNow('nightly', 'r1')
    const worker = await openWorker(server, () => pause(400, 'done'), { concurrency: 1 })
    await server.until('CRON_RUN_CLAIMED', 1)
    worker.stop()
    const late = server.runNow('nightly', 'r2')
    await worker.done
    expect(server.run('nightly', run)).toMatchObject({ state: 'succeeded', result: 'done' })
    expect(server.run('nightly', late).state).toBe('active')
  })

  it('works on what a claim has brought that the stop cut off', async () => {
    await using server = await new CronServer().listen()
    server.define('nightly')
    const run = server.runNow('nightly', 'r1')
    const { promise: until, resolve } = Promise.withResolvers<void>()
    server.faults.push({ path: '/claim', kind: 'hold', until })
    const worker = await openWorker(server, () => 'done')
    await server.until('CRON_RUN_CLAIMED', 1)
    worker.stop()
    await worker.done
    resolve()
    expect(server.run('nightly', run)).toMatchObject({ state: 'succeeded', attempt: 1 })
    expect(server.count('CRON_RUN_CLAIMED')).toBe(1)
  })

  it('gives back what does not end in time, without an attempt', async () => {
    await using server = await new CronServer().listen()
    server.define('nightly')
    const run = server.runNow('nightly', 'r1')
    const worker = await openWorker(server, (_run, { signal }) => untilAborted(signal), { drainMs: 200 })
    await server.until('CRON_RUN_CLAIMED', 1)
    worker.stop()
    await worker.done
    expect(server.count('CRON_RUN_RELEASED')).toBe(1)
    expect(server.run('nightly', run)).toMatchObject({ state: 'active', attempt: 1, failures: [] })
    expect(server.run('nightly', run).lease).toBeUndefined()
  })
})
