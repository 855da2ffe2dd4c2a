import { afterAll, describe, expect, it } from 'vitest'
import { openCommandsFixture } from './commands-fixture.ts'
import { NEVER_SOON, told } from './world.ts'

const stack = new AsyncDisposableStack()
afterAll(() => stack.disposeAsync())
const { world, one, another, loseAnswer } = stack.use(await openCommandsFixture())

let jobs = 0
/** The name of a job of its own for each test. */
const fresh = (): string => {
  jobs += 1
  return `job-${jobs}`
}
const deliver = { schedule: NEVER_SOON, action: { do: 'deliver' } }
const create = (name: string, more: object = {}) => one.post('jobs', { name, ...deliver, ...more })
const patch = async (name: string, body: object, at = one) =>
  (await at.send('PATCH', `jobs/${name}`, body)).body

describe('a job', () => {
  it('is made with its defaults filled in, and is the same when it is made again', async () => {
    const name = fresh()
    const given = { name, schedule: { cron: '0 3 * * *' }, action: { do: 'deliver', payload: { n: 1 } } }
    const made = await one.send('POST', 'jobs', given)
    expect(made).toMatchObject({
      status: 201,
      body: {
        name,
        state: 'active',
        revision: 1,
        definition: {
          schedule: { cron: '0 3 * * *', timezone: 'UTC', dst: 'vixie', domDow: 'or' },
          action: { do: 'deliver', payload: { n: 1 }, leaseMs: 300_000 },
          concurrency: 'forbid',
          retry: { maxAttempts: 1, backoffMs: 10_000 },
          keepRuns: 1_000,
        },
        open: [],
      },
    })
    expect(made.body.nextAt).toMatch(/T03:00:00\.000Z$/)
    // At another instance, and with a default told: it is the same definition.
    const again = await another.send('POST', 'jobs', { ...given, concurrency: 'forbid' })
    expect(again).toMatchObject({ status: 200, body: { name, revision: 1 } })
    expect(await one.send('POST', 'jobs', { ...given, concurrency: 'allow' })).toMatchObject({
      status: 409,
      body: { code: 'already-exists' },
    })
    expect(told(await world.events(name))).toBe('JOB_DEFINED')
  })

  it('is refused with what is wrong with it, and nothing is journaled', async () => {
    const name = fresh()
    const append = { do: 'append', stream: 'note/n', type: 'NOTE', data: {} }
    const refused = async (more: object) => (await create(name, more)).code
    expect(await refused({ unknown: 1 })).toBe('invalid-request')
    expect(await refused({ schedule: { cron: '0 3 * * *', zone: 'UTC' } })).toBe('invalid-request')
    expect(await refused({ retry: { maxAttempts: 0 } })).toBe('invalid-request')
    expect(await refused({ misfireGraceMs: null })).toBe('invalid-request')
    expect(await refused({ schedule: { cron: '61 * * * *' } })).toBe('invalid-schedule')
    expect(await refused({ schedule: { cron: '0 0 * * *', timezone: 'Mars/Base' } })).toBe('unknown-timezone')
    expect(await refused({ schedule: { cron: '0 0 30 2 *' } })).toBe('never-fires')
    expect(await refused({ schedule: { at: '2020-01-01T00:00:00.000Z' } })).toBe('never-fires')
    for (const stream of ['cron/other', 'inbound/a:b:c', 'token/main', 'erasure/main'])
      expect(await refused({ action: { ...append, stream } })).toBe('reserved-event-type')
    const notice = { ...append, stream: 'run/r', type: 'RUN_PAYLOADS_ERASED' }
    expect(await refused({ action: notice })).toBe('reserved-event-type')
    const log = { ...append, stream: 'run/r', type: 'PROCESS_LOG', data: { message: 'hello' } }
    expect(await refused({ action: { ...log, type: 'RUN_UNHEARD' } })).toBe('unknown-event-type')
    expect(await refused({ action: { ...log, v: 99 } })).toBe('unknown-event-version')
    expect(await refused({ action: { ...log, stream: 'session/s' } })).toBe('wrong-stream-kind')
    expect(await refused({ action: { ...log, slotAs: 'at' } })).toBe('invalid-event-data')
    expect((await one.post('jobs', { ...deliver, name: 'no blanks' })).code).toBe('invalid-request')
    expect(await world.events(name)).toEqual([])
  })

  it('is changed member by member, and null takes one away', async () => {
    const name = fresh()
    await create(name, { description: 'first', timeoutMs: 60_000 })
    const changed = await patch(name, { timeoutMs: null, retry: { maxAttempts: 3 } }, another)
    expect(changed).toMatchObject({
      revision: 2,
      definition: { description: 'first', retry: { maxAttempts: 3, backoffMs: 10_000 } },
    })
    expect(changed.definition).not.toHaveProperty('timeoutMs')
    // Repeated, it is what it is already.
    expect(await patch(name, { retry: { maxAttempts: 3 } })).toMatchObject({ revision: 2 })
    expect(told(await world.events(name))).toBe('JOB_DEFINED JOB_UPDATED')
    for (const wrong of [{ schedule: null }, { keepRuns: null }, { name: 'other' }, { unknown: 1 }])
      expect((await patch(name, wrong)).code).toBe('invalid-request')
    const reserved = { action: { do: 'append', stream: 'cron/x', type: 'N', data: {} } }
    expect((await patch(name, reserved)).code).toBe('reserved-event-type')
    expect((await patch(name, { schedule: { cron: '0 0 31 2 *' } })).code).toBe('never-fires')
    expect((await patch('nobody', { keepRuns: 1 })).code).toBe('not-found')
  })

  it('is changed only by who has seen its last revision, if he says so', async () => {
    const name = fresh()
    await create(name)
    expect(await patch(name, { keepRuns: 5, ifRevision: 1 })).toMatchObject({ revision: 2 })
    expect(await patch(name, { keepRuns: 6, ifRevision: 1 })).toMatchObject({ code: 'conflict' })
    // The answer to the first one was lost.
    expect(await patch(name, { keepRuns: 5, ifRevision: 1 })).toMatchObject({ revision: 2 })
  })

  // Without the revision that is expected: a change decided by what another instance has changed since takes that back.
  it('keeps each of many changes that come at once, at two instances', async () => {
    const name = fresh()
    await create(name)
    const changes = [{ keepRuns: 7 }, { keepDays: 8 }, { jitterMs: 9 }, { description: 'ten' }]
    const answers = await Promise.all(changes.map((change, n) => patch(name, change, n % 2 ? one : another)))
    expect(answers.map(({ code }) => code)).toEqual([undefined, undefined, undefined, undefined])
    const { definition } = await patch(name, { maxRuns: 11 })
    expect(definition).toMatchObject({
      keepRuns: 7,
      keepDays: 8,
      jitterMs: 9,
      description: 'ten',
      maxRuns: 11,
    })
  })

  it('that is over can be described anew, and made again by who did not get the answer', async () => {
    const name = fresh()
    const schedule = { at: new Date(Date.parse(await world.clock.now()) + 60_000).toISOString() }
    const given = { schedule, action: { do: 'publish', subject: 'demo' } }
    await create(name, given)
    world.clock.advance(60_000)
    expect(await create(name, given)).toMatchObject({ name, revision: 1 })
    expect(await patch(name, { description: 'it was once' })).toMatchObject({
      definition: { description: 'it was once' },
    })
  })

  it('is paused, resumed and deleted, each once, and its name can be given again', async () => {
    const name = fresh()
    await create(name)
    for (const at of [one, another])
      expect(await at.post(`jobs/${name}/pause`, { reason: 'holiday' })).toMatchObject({
        state: 'paused',
        pause: { reason: 'holiday' },
        nextAt: null,
      })
    for (const at of [one, another])
      expect(await at.send('POST', `jobs/${name}/resume`)).toMatchObject({
        status: 200,
        body: { state: 'active', nextAt: NEVER_SOON.at },
      })
    for (const at of [one, another])
      expect(await at.send('DELETE', `jobs/${name}?reason=done`)).toMatchObject({
        status: 200,
        body: { state: 'deleted' },
      })
    for (const [method, path] of [
      ['POST', `jobs/${name}/resume`],
      ['POST', `jobs/${name}/run-now`],
      ['PATCH', `jobs/${name}`],
      ['POST', `jobs/nobody/pause`],
      ['DELETE', `jobs/nobody`],
    ] as const)
      expect((await one.send(method, path, method === 'DELETE' ? undefined : {})).body.code).toBe('not-found')
    expect(told(await world.events(name))).toBe('JOB_DEFINED JOB_PAUSED JOB_RESUMED JOB_DELETED')
    expect(await create(name)).toMatchObject({ state: 'active', revision: 5 })
  })

  it('is what it was asked to be when the answer of the journal is lost, and the command is given again', async () => {
    const name = fresh()
    const twice = async (method: string, path: string, body?: object): Promise<any[]> => {
      loseAnswer()
      const lost = await another.send(method, path, body)
      expect(lost).toMatchObject({ status: 504, body: { code: 'timeout' } })
      return [(await another.send(method, path, body)).body, (await another.send(method, path, body)).body]
    }
    for (const made of await twice('POST', 'jobs', { name, ...deliver }))
      expect(made).toMatchObject({ name, revision: 1 })
    for (const changed of await twice('PATCH', `jobs/${name}`, { keepRuns: 3 }))
      expect(changed).toMatchObject({ revision: 2 })
    const nows = await twice('POST', `jobs/${name}/run-now`, { requestId: 'r' })
    for (const { run } of nows) expect(run).toMatchObject({ run: 'now-r', state: 'active' })
    for (const paused of await twice('POST', `jobs/${name}/pause`, {}))
      expect(paused).toMatchObject({ state: 'paused' })
    for (const resumed of await twice('POST', `jobs/${name}/resume`, {}))
      expect(resumed).toMatchObject({ state: 'active' })
    for (const { run } of await twice('POST', `jobs/${name}/runs/now-r/cancel`, {}))
      expect(run).toMatchObject({ run: 'now-r', state: 'cancelled' })
    for (const deleted of await twice('DELETE', `jobs/${name}`))
      expect(deleted).toMatchObject({ state: 'deleted' })
    expect(told(await world.events(name))).toBe(
      'JOB_DEFINED JOB_UPDATED RUN_STARTED JOB_PAUSED JOB_RESUMED RUN_FINISHED JOB_DELETED',
    )
  })

  it('is nobody’s who may only read, and its events name who is vouched for', async () => {
    const name = fresh()
    const headers = { 'daybook-scopes': 'read' }
    const body = { name, ...deliver }
    expect(await one.send('POST', 'jobs', body, headers)).toMatchObject({ status: 403 })
    const forged = { ...body, actor: { kind: 'user', id: 'boss' } }
    expect(await one.send('POST', 'jobs', forged)).toMatchObject({ status: 400 })
    await one.send('POST', 'jobs', body, { 'daybook-scopes': 'append' })
    const [defined] = await world.events(name)
    expect(defined?.actor).toEqual({ kind: 'user', id: 'tester' })
    // A tenant has names of its own.
    const elsewhere = await one.send('POST', `jobs/${name}/pause`, {}, { 'daybook-tenant': 'other' })
    expect(elsewhere.body.code).toBe('not-found')
  })
})
