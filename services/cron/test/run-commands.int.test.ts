import { DaybookError } from '@daybook/errors'
import { createUlids, draft, subjects } from '@daybook/events'
import { afterAll, describe, expect, it } from 'vitest'
import { openCommandsFixture } from './commands-fixture.ts'
import { agent, told } from './world.ts'

const stack = new AsyncDisposableStack()
afterAll(() => stack.disposeAsync())
const fixture = stack.use(await openCommandsFixture())
const { world, one, another, fresh, runNow, claimOne, types, repeated } = fixture

describe('a run that somebody wants now', () => {
  it('is one run, however often it is asked for, also after it has ended', async () => {
    const job = await fresh()
    const run = { run: 'now-a', cause: 'now', state: 'active', attempt: 1 }
    for (const answer of await repeated(`jobs/${job}/run-now`, { requestId: 'a' }))
      expect(answer).toMatchObject({ run })
    await one.tell(await claimOne(job), 'finish', { status: 'succeeded', result: 42 })
    for (const at of [one, another])
      expect(await runNow(job, 'a', at)).toMatchObject({ run: 'now-a', state: 'succeeded', result: 42 })
    expect(await types(job)).toBe('STARTED CLAIMED FINISHED')
  })

  it('waits its turn where runs may not overlap, and starts when that comes', async () => {
    const job = await fresh()
    expect(await runNow(job, 'a')).toMatchObject({ state: 'active' })
    expect(await runNow(job, 'b', another)).toMatchObject({ state: 'queued' })
    await one.tell(await claimOne(job), 'finish', { status: 'succeeded' })
    expect(await claimOne(job)).toMatchObject({ run: 'now-b' })
    expect((await one.post(`jobs/${job}/run-now`, {})).run.run).toMatch(/^now-[0-9A-Z]{26}$/)
    expect((await one.post(`jobs/${job}/run-now`, { requestId: 'no blanks' })).code).toBe('invalid-request')
  })

  it('has what its action appends signed by the schedule, and all else by who asked for it', async () => {
    const append = { do: 'append', stream: 'session/s', type: 'my-note', v: 1, data: {} }
    const started = { importPath: 'work.js', exportName: 'default' }
    const job = await fresh({ action: { do: 'run', processId: 'digest', entrypoint: started } })
    await runNow(job, 'a')
    const stream = `run/cron:${job}:now-a`
    const schedule = { kind: 'schedule', id: job }
    expect(await world.events(stream)).toMatchObject([{ type: 'RUN_CREATED', actor: schedule }])
    const [, startedEvent] = await world.events(job)
    expect(startedEvent).toMatchObject({
      type: 'CRON_RUN_STARTED',
      actor: { kind: 'user', id: 'tester' },
      data: { target: stream },
    })
    // What the journal does not know is refused by it, and nothing has happened.
    const unknown = await fresh({ action: append })
    expect(await one.post(`jobs/${unknown}/run-now`, {})).toMatchObject({ code: 'unknown-event-type' })
    expect(told(await world.events(unknown))).toBe('JOB_DEFINED')
  })
})

describe('a run that a job starts', () => {
  it('is its own: where somebody has taken the name, nothing is started', async () => {
    const entrypoint = { importPath: 'work.js', exportName: 'default' }
    const job = await fresh({ action: { do: 'run', processId: 'digest', entrypoint } })
    const runId = `cron:${job}:now-a`
    const taken = draft({
      id: createUlids()(),
      stream: `run/${runId}`,
      type: 'RUN_CREATED',
      data: { runId, processId: 'other', entrypoint },
    })
    await world.append({ events: [taken] }, { tenant: 'main', actor: agent })
    const refused = await one.post(`jobs/${job}/run-now`, { requestId: 'a' })
    expect(refused).toMatchObject({ code: 'seq-conflict', details: { stream: taken.stream } })
    expect(told(await world.events(job))).toBe('JOB_DEFINED')
  })
})

describe('a backfill', () => {
  const daily = { schedule: { cron: '0 3 * * *' } }
  const week = { from: '2026-03-01T00:00:00.000Z', to: '2026-03-07T03:00:00.000Z' }

  it('makes one run for each time, both ends included, and no further ones when it is repeated', async () => {
    const job = await fresh(daily)
    const wish = { ...week, backfillId: 'march' }
    const dry = await one.post(`jobs/${job}/backfill`, { ...wish, dryRun: true })
    expect(dry).toMatchObject({ slots: 7, first: '2026-03-01T03:00:00.000Z', last: week.to })
    expect(dry.runs[0]).toBe('20260301T030000.000Z-march')
    expect(told(await world.events(job))).toBe('JOB_DEFINED')
    for (const answer of await repeated(`jobs/${job}/backfill`, wish)) expect(answer).toEqual(dry)
    const first = await claimOne(job)
    expect(first).toMatchObject({ slot: dry.first, cause: 'backfill', run: dry.runs[0] })
    await one.tell(first, 'finish', { status: 'succeeded' })
    expect(await claimOne(job, {}, another)).toMatchObject({ run: dry.runs[1] })
    // Some have ended by now.
    expect(await another.post(`jobs/${job}/backfill`, wish)).toEqual(dry)
    const events = await world.events(job)
    expect(events.filter(({ key }) => key?.startsWith('run:'))).toHaveLength(7)
    const longer = { ...wish, to: '2026-03-08T03:00:00.000Z' }
    expect(await one.post(`jobs/${job}/backfill`, longer)).toMatchObject({ code: 'key-reused' })
  })

  it('is refused when it is too wide, is not over, or makes no sense', async () => {
    const job = await fresh({ schedule: { everyMs: 60_000 } })
    const ask = (from: string, to: string) => one.post(`jobs/${job}/backfill`, { from, to })
    const wide = await ask('2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z')
    const first500 = { from: '2026-01-01T00:00:00.000Z', to: '2026-01-01T08:19:00.000Z' }
    expect(wide).toMatchObject({ code: 'invalid-request', details: first500 })
    expect(await ask(first500.from, first500.to)).toMatchObject({ slots: 500 })
    expect((await ask('2026-01-02T00:00:00.000Z', '2026-01-01T00:00:00.000Z')).code).toBe('invalid-request')
    expect((await ask('2026-01-02', '2026-01-03')).code).toBe('invalid-request')
    const now = await world.clock.now()
    const soon = new Date(Date.parse(now) + 300_000).toISOString()
    expect((await ask(now, soon)).code).toBe('invalid-request')
    expect((await one.post('jobs/nobody/backfill', { ...first500, dryRun: true })).code).toBe('not-found')
  })
})

describe('a run that was missed', () => {
  it('is held for a person, who approves or dismisses it, each once', async () => {
    const at = new Date(Date.parse(await world.clock.now()) + 60_000).toISOString()
    const late = { misfire: 'review', misfireGraceMs: 0 }
    const [first, second] = [
      await fresh({ ...late, schedule: { at } }),
      await fresh({ ...late, schedule: { at } }),
    ]
    for (const job of [first, second]) await one.post(`jobs/${job}/pause`)
    world.clock.advance(61_000)
    const held = async (job: string): Promise<string> => {
      const { open } = await one.post(`jobs/${job}/resume`)
      expect(open).toMatchObject([{ state: 'held', slot: at }])
      return `jobs/${job}/runs/${open[0].run}`
    }
    const approved = await held(first)
    for (const { run } of await repeated(`${approved}/approve`, {})) expect(run.state).toBe('active')
    expect((await one.post(`${approved}/dismiss`)).code).toBe('invalid-transition')
    await one.tell(await claimOne(first), 'finish', { status: 'succeeded' })
    expect((await one.post(`${approved}/approve`)).run.state).toBe('succeeded')
    const dismissed = await held(second)
    for (const { run } of await repeated(`${dismissed}/dismiss`, { reason: 'too late' }))
      expect(run).toMatchObject({ state: 'skipped', reason: 'dismissed', note: 'too late' })
    expect(await one.post(`${dismissed}/approve`)).toMatchObject({
      code: 'invalid-transition',
      details: { state: 'skipped' },
    })
    expect((await one.post(`jobs/${second}/runs/none/approve`)).code).toBe('not-found')
  })
})

describe('over NATS', () => {
  const request = async (subject: string, body: object): Promise<any> => {
    try {
      const reply = await world.bus.request(subject, JSON.stringify(body), { timeoutMs: 10_000 })
      return JSON.parse(reply.text())
    } catch (error) {
      if (error instanceof DaybookError) return { code: error.code }
      throw error
    }
  }
  const command = (name: string, body: object) =>
    request(subjects.commandBy('main', 'cron', name, agent), body)

  it('the holder of a token does all of it in its own name', async () => {
    const name = 'over-nats'
    const schedule = { cron: '0 3 * * *' }
    const made = await command('create', { name, schedule, action: { do: 'deliver' } })
    expect(made).toMatchObject({ name, state: 'active' })
    const job = name
    expect(await command('update', { job, keepRuns: 4, timeoutMs: null })).toMatchObject({ revision: 2 })
    expect(await command('pause', { job })).toMatchObject({ state: 'paused' })
    expect(await command('resume', { job })).toMatchObject({ state: 'active' })
    await command('run-now', { job, requestId: 'a' })
    const { runs } = await command('claim', { job, worker: 'n', wait: '5s' })
    const held = { job, run: 'now-a', token: runs[0].token }
    expect(await command('extend', held)).toMatchObject({ cancelRequested: false })
    expect(await command('finish', { ...held, status: 'succeeded' })).toMatchObject({
      run: { state: 'succeeded' },
    })
    const day = { from: '2026-03-01T00:00:00.000Z', to: '2026-03-02T00:00:00.000Z' }
    expect(await command('backfill', { job, ...day })).toMatchObject({ slots: 1 })
    expect(await command('delete', { job, reason: 'done' })).toMatchObject({ state: 'deleted' })
    const events = await world.events(job)
    expect(events.map(({ actor }) => actor)).toEqual(Array(events.length).fill(agent))
  })

  it('refusals are problems, and unknown commands and members are refused', async () => {
    expect(await command('claim', { worker: 'n', wrong: 1 })).toEqual({ code: 'invalid-request' })
    expect(await command('pause', { job: 'nobody' })).toEqual({ code: 'not-found' })
    expect(await command('explode', {})).toEqual({ code: 'not-found' })
    const actor = { kind: 'user', id: 'boss' }
    expect(await command('pause', { job: 'over-nats', actor })).toEqual({ code: 'invalid-request' })
  })
})
