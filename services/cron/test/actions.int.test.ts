import { DaybookError } from '@daybook/errors'
import { waitFor } from '@daybook/testing'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { log, nextId } from '../../journal/test/service-fixture.ts'
import type { CronParts } from '../src/service.ts'
import { define, said } from './jobs-that-run.ts'
import { type Instance, openWorld } from './world.ts'

const stack = new AsyncDisposableStack()
afterAll(() => stack.disposeAsync())
const world = stack.use(await openWorld())

const opened: Instance[] = []
async function open(options?: Partial<CronParts>): Promise<Instance> {
  const instance = await world.open(options)
  opened.push(instance)
  return instance
}
afterEach(async () => {
  for (const instance of opened.splice(0)) await instance[Symbol.asyncDispose]()
})

const heard: { subject: string; id: string; body: any }[] = []
stack.use(
  world.bus.listen('daybook.app.main.>', (message) => {
    const { subject, headers } = message
    heard.push({ subject, id: headers['Nats-Msg-Id'] ?? '', body: JSON.parse(message.text()) })
  }),
)
const heardOf = (job: string) => heard.filter(({ body }) => body.job === job)

async function once(): Promise<{ at: string }> {
  return { at: new Date(Date.parse(await world.clock.now()) + 1_000).toISOString() }
}

/** How the runs of a job ended, by their events. */
async function endsOf(job: string): Promise<unknown[]> {
  const events = await world.events(job)
  return events.filter(({ type }) => type === 'CRON_RUN_FINISHED').map(({ data }) => data)
}

function untilEnded(job: string): Promise<unknown> {
  return waitFor(async () => (await endsOf(job)).length > 0, { what: `the end of a run of ${job}` })
}

const finished = (types: readonly string[]) => types.includes('CRON_RUN_FINISHED')
/** The journal of an instance that dies before it can say that a run ended. */
const dyingAppend: CronParts['append'] = (request, author) =>
  finished(request.events.map(({ type }) => type))
    ? Promise.reject(new DaybookError('unavailable', 'Dead.'))
    : world.append(request, author)

describe('a message that a job publishes', () => {
  const action = { do: 'publish', subject: 'reports.daily', payload: { of: 'yesterday' } }

  it('goes out once it is started, tells which run it is of, and ends it', async () => {
    const instance = await open()
    const schedule = await once()
    await define(instance, 'report', { schedule, action })
    await untilEnded('report')
    const run = schedule.at.replaceAll(/[-:]/gu, '')
    expect(heardOf('report')).toEqual([
      {
        subject: 'daybook.app.main.reports.daily',
        id: `report:${run}:1`,
        body: { job: 'report', run, slot: schedule.at, attempt: 1, payload: { of: 'yesterday' } },
      },
    ])
    expect(await endsOf('report')).toMatchObject([{ run, status: 'succeeded' }])
  })

  it('goes out again, under the same id, when who published it died before that was on record', async () => {
    const dying = await open({ append: dyingAppend })
    await define(dying, 'resent', { schedule: await once(), action })
    await waitFor(() => heardOf('resent').length > 0, { what: 'the message' })
    await dying[Symbol.asyncDispose]()
    expect(await endsOf('resent')).toEqual([])
    await open()
    await untilEnded('resent')
    const ids = heardOf('resent').map(({ id }) => id)
    expect(ids.length).toBeGreaterThan(1)
    expect(new Set(ids).size).toBe(1)
    expect(await endsOf('resent')).toHaveLength(1)
  })

  it('of many jobs at one time go out together, each once', async () => {
    const instance = await open()
    const schedule = await once()
    const jobs = Array.from({ length: 20 }, (_, index) => `mass-${index}`)
    await Promise.all(jobs.map((job) => define(instance, job, { schedule, action })))
    for (const job of jobs) await untilEnded(job)
    for (const job of jobs) expect(heardOf(job)).toHaveLength(1)
  })
})

describe('a run that a job starts', () => {
  const entrypoint = { importPath: 'digest.js', exportName: 'default' }
  const action = { do: 'run', processId: 'digest', entrypoint, inputs: { size: 3 }, slotAs: 'day' }

  async function startRun(instance: Instance, job: string): Promise<string> {
    await define(instance, job, { schedule: await once(), action })
    const started = async () => (await world.events(job)).find(({ type }) => type === 'CRON_RUN_STARTED')
    const event = await waitFor(started, { what: `a start of ${job}` })
    return said(event, 'target')
  }

  const end = (stream: string, type: string, data: object) =>
    world.append(
      { events: [{ ...log(stream, ''), id: nextId(), type, data: { ...data } }] },
      { tenant: 'main', actor: { kind: 'agent', id: 'worker' } },
    )

  it('is made in the same commit, by the schedule, and its end is the end of the run of the job', async () => {
    const instance = await open()
    const target = await startRun(instance, 'digest')
    const [created] = await world.events(target)
    const [start] = (await world.events('digest')).filter(({ type }) => type === 'CRON_RUN_STARTED')
    expect(created).toMatchObject({
      type: 'RUN_CREATED',
      actor: { kind: 'schedule', id: 'digest' },
      recordedAt: start?.recordedAt,
      data: { processId: 'digest', inputs: { size: 3, day: start?.data['slot'] } },
    })
    await end(target, 'RUN_COMPLETED', { output: { lines: 7 } })
    await untilEnded('digest')
    expect(await endsOf('digest')).toMatchObject([{ status: 'succeeded', result: { lines: 7 } }])
  })

  it('that failed tells why, and is tried again as a run of its own', async () => {
    const instance = await open()
    await define(instance, 'failing', {
      schedule: await once(),
      action,
      retry: { maxAttempts: 2, backoffMs: 100 },
    })
    const targets = async () =>
      (await world.events('failing')).flatMap((event) =>
        event.type === 'CRON_RUN_STARTED' ? [said(event, 'target')] : [],
      )
    for (const attempt of [1, 2]) {
      await waitFor(async () => (await targets()).length === attempt, { what: `attempt ${attempt}` })
      await end((await targets())[attempt - 1] ?? '', 'RUN_FAILED', {
        error: { name: 'Oops', message: 'no paper' },
      })
    }
    await untilEnded('failing')
    expect(await endsOf('failing')).toMatchObject([
      { status: 'failed', error: { class: 'Oops', message: 'no paper' } },
    ])
    expect(new Set(await targets()).size).toBe(2)
  })

  it('is followed by whoever lives, also when the hint was lost', async () => {
    const gone = await open()
    const target = await startRun(gone, 'followed')
    await gone[Symbol.asyncDispose]()
    await end(target, 'RUN_CANCELLED', {})
    await open()
    await untilEnded('followed')
    expect(await endsOf('followed')).toMatchObject([{ status: 'cancelled' }])
  })

  it('is not believed to have ended because somebody on the bus says so', async () => {
    const instance = await open()
    const target = await startRun(instance, 'forged')
    const id = target.slice('run/'.length).replaceAll('.', '%2E')
    for (const type of ['RUN_FAILED', 'RUN_COMPLETED'])
      world.bus.publish(`daybook.events.main.run.${id}.${type}`, '{}')
    await end(target, 'RUN_COMPLETED', {})
    await untilEnded('forged')
    expect(await endsOf('forged')).toMatchObject([{ status: 'succeeded' }])
    expect(await endsOf('forged')).toHaveLength(1)
  })
})
