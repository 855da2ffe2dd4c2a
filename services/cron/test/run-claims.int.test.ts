import { subjects } from '@daybook/events'
import { waitFor } from '@daybook/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { openCommandsFixture } from './commands-fixture.ts'

const stack = new AsyncDisposableStack()
afterAll(() => stack.disposeAsync())
const fixture = stack.use(await openCommandsFixture())
const { world, one, another, fresh, runNow, claimOne, types, repeated } = fixture
const oops = { class: 'oops', message: 'it broke', retryable: true }

describe('of workers', () => {
  it('that race for one run at two instances, one gets it', async () => {
    const job = await fresh()
    await runNow(job, 'a')
    const claims = await Promise.all(
      Array.from({ length: 20 }, (_, n) => (n % 2 ? one : another).claim({ job, worker: `w${n}` }, '200ms')),
    )
    expect(claims.flat()).toMatchObject([{ job, run: 'now-a', payload: { hello: 'world' }, attempt: 1 }])
    expect(await types(job)).toBe('STARTED CLAIMED')
  })

  it('one gets as many runs as it asks for, and each run is one worker’s', async () => {
    const job = await fresh({ concurrency: 'allow' })
    for (const id of ['a', 'b', 'c', 'd']) await runNow(job, id)
    const [some, others] = await Promise.all([
      one.claim({ job, limit: 3, worker: 'x' }),
      another.claim({ job, limit: 3, worker: 'y' }, '2s'),
    ])
    const rest = await one.claim({ job, limit: 3 }, '1s')
    const names = [...some, ...others, ...rest].map(({ run }) => run)
    expect(new Set(names)).toEqual(new Set(['now-a', 'now-b', 'now-c', 'now-d']))
    expect(names).toHaveLength(4)
  })

  // Without waiting for the read model: nothing, since what this instance has just tried it leaves out for a moment.
  it('whoever repeats a claim gets the same lease, at another instance too, and nobody else does', async () => {
    const job = await fresh()
    await runNow(job, 'a')
    const claim = { job, claimId: `again-${job}`, leaseMs: 60_000 }
    await waitFor(async () => (await one.get(`jobs/${job}`)).open?.[0], { what: 'the run is known' })
    const again = await world.withoutReadModel(async () => {
      fixture.loseAnswer()
      await expect(another.claim(claim, '5s')).rejects.toThrow('timeout')
      const repeat = another.claim(claim)
      // It is as long as it takes that somebody else gets nothing.
      expect(await one.claim({ job: 'nobody' }, '150ms')).toEqual([])
      return { repeat }
    })
    const [first] = await again.repeat
    expect(first).toMatchObject({ run: 'now-a' })
    expect(first.leaseMs).toBeGreaterThan(50_000)
    expect(first.leaseMs).toBeLessThanOrEqual(60_000)
    expect(await one.claim(claim)).toMatchObject([{ token: first.token, leaseUntil: first.leaseUntil }])
    expect(await one.claim({ ...claim, worker: 'somebody else' })).toEqual([])
  })

  it('whoever waits gets a run as soon as there is one, at whichever instance it begins', async () => {
    const job = await fresh({ concurrency: 'allow' })
    const sinceMs = performance.now()
    const waiting = [claimOne(job, { worker: 'x' }), claimOne(job, { worker: 'y' }, another)]
    await runNow(job, 'a')
    await runNow(job, 'b')
    const got = await Promise.all(waiting)
    expect(new Set(got.map(({ run }) => run))).toEqual(new Set(['now-a', 'now-b']))
    expect(performance.now() - sinceMs).toBeLessThan(4_000)
    expect(await one.claim({ job }, '50ms')).toEqual([])
    expect((await one.post('runs/claim?wait=31s', { worker: 'w' })).code).toBe('invalid-request')
  })

  it('none gets a run that has ended since it was known of', async () => {
    const job = await fresh()
    await runNow(job, 'a')
    await another.post(`jobs/${job}/runs/now-a/cancel`)
    expect(await one.claim({ job })).toEqual([])
  })

  it('each gets runs of its own tenant only', async () => {
    const job = await fresh()
    await runNow(job, 'a')
    const headers = { 'daybook-tenant': 'other' }
    expect(await one.post('runs/claim', { worker: 'w' }, headers)).toEqual({ runs: [] })
    const { token } = await claimOne(job)
    const stolen = await one.post(`jobs/${job}/runs/now-a/finish`, { token, status: 'succeeded' }, headers)
    expect(stolen.code).toBe('not-found')
  })
})

describe('a lease', () => {
  it('that ran out is another worker’s, and the first one’s word counts no more', async () => {
    const job = await fresh({ retry: { maxAttempts: 2, backoffMs: 0 } })
    await runNow(job, 'a')
    const first = await claimOne(job, { leaseMs: 100 })
    const second = await claimOne(job, { worker: 'second' }, another)
    expect(second).toMatchObject({ run: 'now-a', attempt: 2 })
    for (const command of ['extend', 'finish']) {
      const said = await one.tell(first, command, command === 'finish' ? { status: 'succeeded' } : {})
      expect(said).toMatchObject({ code: 'lease-lost' })
    }
    expect(await one.tell(second, 'finish', { status: 'succeeded' })).toMatchObject({ run: { attempt: 2 } })
    expect(await types(job)).toBe('STARTED CLAIMED RETRIED STARTED CLAIMED FINISHED')
  })

  it('that ran out with the last attempt ends the run, whatever its holder says afterwards', async () => {
    const job = await fresh()
    await runNow(job, 'a')
    const held = await claimOne(job, { leaseMs: 100 })
    await waitFor(async () => (await one.get(`jobs/${job}/runs/now-a`)).state === 'failed', {
      what: 'the run has failed',
    })
    for (const end of [{ status: 'succeeded' }, { status: 'failed', error: oops }, { status: 'cancelled' }])
      expect((await one.tell(held, 'finish', end)).code).toBe('lease-lost')
  })

  it('is kept by extending it, the token before it stays good, and it tells that the run is to end', async () => {
    const job = await fresh()
    await runNow(job, 'a')
    const held = await claimOne(job, { leaseMs: 1_000 })
    const extended = await one.tell(held, 'extend', { leaseMs: 60_000 })
    expect(extended).toMatchObject({ job, run: 'now-a', cancelRequested: false })
    expect(extended.token).toBeGreaterThan(held.token)
    expect(extended.leaseUntil > held.leaseUntil).toBe(true)
    const path = `jobs/${job}/runs/now-a`
    for (const { run } of await repeated(`${path}/cancel`, { reason: 'enough' }))
      expect(run).toMatchObject({ state: 'active', cancel: { reason: 'enough' } })
    // With the first token, and at another instance.
    expect(await another.tell(held, 'extend')).toMatchObject({ cancelRequested: true })
    for (const { run } of await repeated(`${path}/finish`, { token: extended.token, status: 'cancelled' }))
      expect(run).toMatchObject({ state: 'cancelled' })
    expect((await one.post(`${path}/cancel`)).run.state).toBe('cancelled')
    expect((await one.tell({ ...held, token: 1 }, 'finish', { status: 'succeeded' })).code).toBe('lease-lost')
  })

  it('ends with what the worker says, which is answered the same when it is said again', async () => {
    const job = await fresh({ retry: { maxAttempts: 2, backoffMs: 0 } })
    await runNow(job, 'a')
    const failed = await claimOne(job)
    const path = `jobs/${job}/runs/now-a/finish`
    const failure = { token: failed.token, status: 'failed', error: oops }
    for (const { run } of await repeated(path, failure))
      expect(run).toMatchObject({ run: 'now-a', failures: [{ error: oops, token: failed.token }] })
    const retried = await claimOne(job)
    expect(retried).toMatchObject({ attempt: 2 })
    const success = { token: retried.token, status: 'succeeded', result: { sent: 3 } }
    for (const { run } of await repeated(path, success))
      expect(run).toMatchObject({ state: 'succeeded', result: { sent: 3 } })
    // What was said first is on record, and another end of the same attempt is none.
    for (const end of [{ status: 'failed', error: oops }, { status: 'cancelled' }])
      expect((await one.post(path, { token: retried.token, ...end })).code).toBe('lease-lost')
    expect(await one.post(`jobs/${job}/runs/now-a/cancel`)).toMatchObject({ code: 'invalid-transition' })
    expect(await types(job)).toBe('STARTED CLAIMED RETRIED STARTED CLAIMED FINISHED')
  })
})

describe('an offer', () => {
  it('is made once for a run, whatever else happens to its job', async () => {
    const job = await fresh({ concurrency: 'allow' })
    const heard: string[] = []
    await using _listener = world.bus.listen(subjects.deliverCron('main', job), (message) => {
      heard.push(JSON.parse(message.text()).run)
    })
    for (const id of ['a', 'b', 'c']) await runNow(job, id)
    await waitFor(() => heard.includes('now-c'), { what: 'the last one is offered' })
    expect(heard).toEqual(['now-a', 'now-b', 'now-c'])
  })

  it('tells of a run that waits for a worker, and again while nobody takes it, without its payload', async () => {
    await using offering = await world.open({ offerEveryMs: 300 })
    const job = await fresh()
    const heard: any[] = []
    await using _listener = world.bus.listen(subjects.deliverCron('main', job), (message) => {
      heard.push(JSON.parse(message.text()))
    })
    await runNow(job, 'a', offering)
    await waitFor(() => heard.length >= 2, { what: 'it is offered twice' })
    expect(heard[0]).toMatchObject({ job, run: 'now-a', cause: 'now', attempt: 1 })
    expect(Object.keys(heard[0])).not.toContain('payload')
    await claimOne(job)
    await waitFor(async () => (await one.get(`jobs/${job}`)).open[0]?.lease, { what: 'the lease is known' })
    const count = heard.length
    await runNow(await fresh(), 'other', offering)
    expect(await offering.claim({ job }, '700ms')).toEqual([])
    expect(heard.length).toBeLessThanOrEqual(count + 1)
  })
})
