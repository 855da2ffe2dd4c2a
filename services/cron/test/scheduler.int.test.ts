import { DaybookError } from '@daybook/errors'
import { jitterMsOf } from '@daybook/events'
import { waitFor } from '@daybook/testing'
import { sql } from 'kysely'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { ask } from '../../../packages/eventing/test/ask.ts'
import { nextId } from '../../journal/test/service-fixture.ts'
import type { CronParts } from '../src/service.ts'
import { define, note, said } from './jobs-that-run.ts'
import { type Instance, openWorld } from './world.ts'

const stack = new AsyncDisposableStack()
afterAll(() => stack.disposeAsync())
const world = stack.use(await openWorld())
const { clock } = world

const opened: Instance[] = []
async function open(options?: Partial<CronParts>): Promise<Instance> {
  const instance = await world.open(options)
  opened.push(instance)
  return instance
}
/** What is left of a test must not run in the next one. */
afterEach(async () => {
  const [first = await world.open()] = opened
  const { body } = await ask(first, '/v1/cron/jobs?limit=100')
  for (const { name } of body.jobs) await ask(first, `/v1/cron/jobs/${name}`, { method: 'DELETE' })
  for (const instance of opened.splice(0)) await instance[Symbol.asyncDispose]()
})

const everySecond = { everyMs: 1_000 }

async function startsOf(job: string): Promise<{ slot: string; at: string; recordedAt: string }[]> {
  const events = await world.events(job)
  return events
    .filter(({ type }) => type === 'CRON_RUN_STARTED')
    .map((event) => ({ slot: said(event, 'slot'), at: said(event, 'at'), recordedAt: event.recordedAt }))
}

const lateMsOf = ({ slot, recordedAt }: { slot: string; recordedAt: string }) =>
  Date.parse(recordedAt) - Date.parse(slot)

/** Until so many runs of the job have started. */
function untilStarted(job: string, count: number): Promise<unknown> {
  return waitFor(async () => (await startsOf(job)).length >= count, { what: job, timeoutMs: 15_000 })
}

const typesOf = async (job: string) => (await world.events(job)).map(({ type }) => type.replace('CRON_', ''))

/** Each slot once, and none left out. */
async function expectEachSlotOnce(job: string): Promise<void> {
  const slots = (await startsOf(job)).map(({ slot }) => Date.parse(slot))
  expect(slots).toEqual(slots.map((_slot, index) => (slots[0] ?? 0) + index * 1_000))
}

describe('a job', () => {
  it('starts at each of its times, never early, as the schedule itself', async () => {
    const instance = await open()
    await define(instance, 'ticking', { schedule: everySecond, action: note('run/ticking') })
    await untilStarted('ticking', 3)
    const starts = await startsOf('ticking')
    for (const { slot, at, recordedAt } of starts) {
      expect(at >= slot).toBe(true)
      const lateMs = lateMsOf({ slot, recordedAt })
      expect(lateMs).toBeGreaterThan(-20) // What the clocks of two services may differ by.
      expect(lateMs).toBeLessThan(2_000)
    }
    await expectEachSlotOnce('ticking')
    const [first] = await world.events('run/ticking')
    expect(first).toMatchObject({
      type: 'PROCESS_LOG',
      actor: { kind: 'schedule', id: 'ticking' },
      data: { message: 'hello', label: starts[0]?.slot },
    })
    expect(await instance.metrics.text()).toMatch(
      /cron_start_lateness_seconds_count\{service="cron"\} [3-9]/u,
    )
  })

  it('starts later by its jitter, and by no more than that', async () => {
    const instance = await open()
    const at = new Date(Date.parse(await clock.now()) + 1_000).toISOString()
    await define(instance, 'jittery', { schedule: { at }, action: note('run/jittery'), jitterMs: 1_500 })
    await untilStarted('jittery', 1)
    const [start] = await startsOf('jittery')
    const dueAt = Date.parse(at) + jitterMsOf({ name: 'jittery', slot: at, jitterMs: 1_500 })
    expect(start?.slot).toBe(at)
    expect(Date.parse(start?.at ?? '')).toBeGreaterThanOrEqual(dueAt)
    expect(Date.parse(start?.at ?? '')).toBeLessThan(dueAt + 500)
  })
})

describe('several instances', () => {
  it('start each time of each job once, also when one of them stops', async () => {
    const [one, another, third] = [await open(), await open(), await open()]
    const jobs = Array.from({ length: 12 }, (_, index) => `shared-${index}`)
    const made = jobs.map((job, index) =>
      define([one, another, third][index % 3] ?? one, job, {
        schedule: everySecond,
        action: note(`run/${job}`),
      }),
    )
    await Promise.all(made)
    await untilStarted('shared-0', 3)
    await opened.splice(opened.indexOf(third), 1)[0]?.[Symbol.asyncDispose]()
    const before = (await startsOf('shared-0')).length
    await untilStarted('shared-0', before + 3)
    for (const job of jobs) {
      await expectEachSlotOnce(job)
      expect((await world.events(`run/${job}`)).length).toBeGreaterThan(4)
    }
  })

  it('take over what one of them had picked that is gone', async () => {
    const instance = await open()
    const at = new Date(Date.parse(await clock.now()) + 2_500).toISOString()
    await sql`
      insert into cron.picks values ('main', 'orphan', ${at}::timestamptz, 'gone', ${at}::timestamptz + interval '2 seconds')
    `.execute(world.database.kysely)
    await define(instance, 'orphan', { schedule: { at }, action: note('run/orphan') })
    await untilStarted('orphan', 1)
    const [start] = await startsOf('orphan')
    expect(Date.parse(start?.at ?? '') - Date.parse(at)).toBeLessThan(4_000)
  })

  it('have at once what one of them had picked that stops', async () => {
    const stopping = await open()
    const at = new Date(Date.parse(await clock.now()) + 2_200).toISOString()
    await define(stopping, 'handed-on', { schedule: { at }, action: note('run/handed-on') })
    const picked = sql<{
      found: number
    }>`select count(*)::int as found from cron.picks where job = 'handed-on'`
    await waitFor(async () => (await picked.execute(world.database.kysely)).rows[0]?.found === 1, {
      what: 'a pick',
    })
    await open()
    await opened.shift()?.[Symbol.asyncDispose]()
    await untilStarted('handed-on', 1)
    const [start] = await startsOf('handed-on')
    // The pick would have been over two seconds after its time.
    expect(Date.parse(start?.at ?? '') - Date.parse(at)).toBeLessThan(1_500)
  })

  it('carry on where one of them dies between picking and deciding', async () => {
    const hanging = await open({ append: () => new Promise(() => {}) })
    const at = new Date(Date.parse(await clock.now()) + 2_000).toISOString()
    const maker = await world.open()
    await define(maker, 'abandoned', { schedule: { at }, action: note('run/abandoned') })
    await maker[Symbol.asyncDispose]()
    const picked = sql<{
      found: number
    }>`select count(*)::int as found from cron.picks where job = 'abandoned'`
    await waitFor(async () => (await picked.execute(world.database.kysely)).rows[0]?.found === 1, {
      what: 'a pick',
    })
    await open()
    await untilStarted('abandoned', 1)
    // It never comes to its end, as a process that was killed.
    opened.splice(opened.indexOf(hanging), 1)
  })
})

describe('a job that cannot be decided about', () => {
  it('is set aside, and the others go on', async () => {
    const instance = await open()
    const action = { do: 'append', stream: 'notes/1', type: 'never-added', v: 1, data: {} }
    await define(instance, 'refused', { schedule: everySecond, action })
    await define(instance, 'sound', { schedule: everySecond, action: note('run/sound') })
    await waitFor(async () => (await typesOf('refused')).includes('JOB_SET_ASIDE'), {
      what: 'a job set aside',
    })
    const [aside] = (await world.events('refused')).filter(({ type }) => type === 'CRON_JOB_SET_ASIDE')
    expect(aside).toMatchObject({
      actor: { kind: 'schedule', id: 'refused' },
      data: { code: 'unknown-event-type' },
    })
    const before = (await startsOf('sound')).length
    await untilStarted('sound', before + 2)
    await expectEachSlotOnce('sound')
    expect(await typesOf('refused')).toEqual(['JOB_DEFINED', 'JOB_SET_ASIDE'])
    expect(await instance.metrics.text()).toContain(
      'cron_jobs_set_aside_total{code="unknown-event-type",service="cron"} 1',
    )
  })

  it('is tried again for as long as it is the journal that is away', async () => {
    let isAway = false
    let refused = 0
    const instance = await open({
      append: (request, author) => {
        // Only starts meet it, so that nothing keeps the job from being set aside.
        if (!isAway || !request.events.some(({ type }) => type === 'CRON_RUN_STARTED'))
          return world.append(request, author)
        refused += 1
        return Promise.reject(new DaybookError('unavailable', 'Away.'))
      },
    })
    await define(instance, 'patient', { schedule: everySecond, action: note('run/patient') })
    await untilStarted('patient', 1)
    isAway = true
    const before = (await startsOf('patient')).length
    await waitFor(() => refused >= 3, { what: 'some tries' })
    isAway = false
    await untilStarted('patient', before + 3)
    expect(await typesOf('patient')).not.toContain('JOB_SET_ASIDE')
    await expectEachSlotOnce('patient')
  })
})

describe('a job that cannot even be set aside', () => {
  it('is tried ever more rarely, and the others go on', async () => {
    let tries = 0
    const instance = await open({
      append: (request, author) => {
        const { stream, type } = request.events.find((event) => event.stream === 'cron/hopeless') ?? {}
        if (stream === undefined || type === 'CRON_JOB_DEFINED' || type === 'CRON_JOB_DELETED')
          return world.append(request, author)
        tries += 1
        return Promise.reject(new DaybookError('legal-hold', 'Never.', { details: { stream } }))
      },
    })
    for (const job of ['hopeless', 'hopeful'])
      await define(instance, job, { schedule: everySecond, action: note(`run/${job}`) })
    await untilStarted('hopeful', 4)
    await expectEachSlotOnce('hopeful')
    expect(await typesOf('hopeless')).toEqual(['JOB_DEFINED'])
    // Each try is told together, alone, and as being set aside; without pauses there would be hundreds.
    expect(tries).toBeGreaterThanOrEqual(3)
    expect(tries).toBeLessThan(30)
  })
})

/** While the work goes on, no event is applied: whoever applies one writes down where he is. */
function behind(work: () => Promise<void>): Promise<void> {
  return world.database.kysely.transaction().execute(async (trx) => {
    const { rows } = await sql<{ name: string }>`
      select oid::regclass::text as name from pg_class where relname = 'checkpoints' and relkind = 'r'
        and relnamespace::regnamespace::text like 'cron_cron_%'`.execute(trx)
    for (const { name } of rows) await sql`select * from ${sql.raw(name)} for update`.execute(trx)
    // A transaction that is idle for long is ended.
    const pings = setInterval(() => void sql`select 1`.execute(trx), 1_000)
    await work().finally(() => clearInterval(pings))
  })
}

describe('a read model that is behind', () => {
  it('holds nothing up: what an instance has decided it knows', async () => {
    const instance = await open()
    await define(instance, 'ahead', { schedule: everySecond, action: note('run/ahead') })
    await untilStarted('ahead', 1)
    await behind(async () => {
      await define(instance, 'unheard-of', { schedule: everySecond, action: note('run/unheard-of') })
      await untilStarted('unheard-of', 1)
      const before = (await startsOf('ahead')).length
      await untilStarted('ahead', before + 4)
    })
    await expectEachSlotOnce('ahead')
    const late = (await startsOf('ahead')).map(lateMsOf).toSorted((a, b) => a - b)
    // Its pick is over after two seconds; then the read model would be asked again, each time. A slow machine is late once.
    expect(late[Math.floor(late.length / 2)]).toBeLessThan(2_000)
  })
})

describe('a job that others have changed in between', () => {
  it('is decided about by itself, as it is now, and those due beside it together', async () => {
    const instance = await open()
    const at = new Date(Date.parse(await clock.now()) + 2_500).toISOString()
    const jobs = Array.from({ length: 8 }, (_, index) => `beside-${index}`)
    await Promise.all(
      jobs.map((job) => define(instance, job, { schedule: { at }, action: note(`run/${job}`) })),
    )
    const picked = sql<{
      found: number
    }>`select count(*)::int as found from cron.picks where job like 'beside-%'`
    await waitFor(async () => (await picked.execute(world.database.kysely)).rows[0]?.found === 8, {
      what: 'picks',
    })
    await behind(async () => {
      const event = { stream: 'cron/beside-3', type: 'CRON_JOB_PAUSED', v: 1, data: { at } }
      const author = { tenant: 'main', actor: { kind: 'user', id: 'ada' } } as const
      await world.append({ events: [{ ...event, id: nextId() }] }, author)
      await untilStarted('beside-0', 1)
      for (const job of jobs) if (job !== 'beside-3') await untilStarted(job, 1)
    })
    expect(await typesOf('beside-3')).toEqual(['JOB_DEFINED', 'JOB_PAUSED'])
    const metrics = await instance.metrics.text()
    expect(metrics).toContain('cron_carried_out_total{how="alone",service="cron"} 1')
  })
})

describe('a clock', () => {
  it('that is put back decides nothing twice, and one that is put forward finds times that were missed', async () => {
    const instance = await open()
    await define(instance, 'turned', {
      schedule: { cron: '0 * * * *', timezone: 'UTC' },
      action: note('run/turned'),
      misfire: 'run-once',
    })
    const hour = 3_600_000
    clock.advance(hour)
    await untilStarted('turned', 1)
    clock.advance(-hour)
    const at = new Date(Date.parse(await clock.now()) + 1_000).toISOString()
    await define(instance, 'witness', { schedule: { at }, action: note('run/witness') })
    await untilStarted('witness', 1)
    expect(await startsOf('turned')).toHaveLength(1)
    clock.advance(2 * hour)
    await untilStarted('turned', 2)
    clock.advance(10 * 24 * hour)
    await untilStarted('turned', 3)
    const events = await world.events('turned')
    const slots = (await startsOf('turned')).map(({ slot }) => slot)
    expect(new Set(slots).size).toBe(slots.length)
    const missed = events.filter(({ type }) => type === 'CRON_SLOTS_MISSED')
    const count = missed.reduce((sum, { data }) => sum + Number(data['count']), 0)
    expect(count).toBeGreaterThanOrEqual(10 * 24 - 2)
    clock.advance(-(10 * 24 + 2) * hour)
  })

  it('that jumps over a time finds that it was missed, though it was decided ahead', async () => {
    const instance = await open()
    const at = new Date(Date.parse(await clock.now()) + 1_800).toISOString()
    await define(instance, 'jumped', { schedule: { at }, action: note('run/jumped'), misfire: 'skip' })
    const picks = sql`select 1 from cron.picks where job = 'jumped'`
    const isPicked = async () => (await picks.execute(world.database.kysely)).rows.length > 0
    await waitFor(isPicked, { what: 'the pick', timeoutMs: 5_000 })
    clock.advance(3_600_000)
    await waitFor(async () => (await typesOf('jumped')).length > 1, { what: 'a decision' })
    expect(await typesOf('jumped')).toEqual(['JOB_DEFINED', 'SLOTS_MISSED'])
    clock.advance(-3_600_000)
  })
})
