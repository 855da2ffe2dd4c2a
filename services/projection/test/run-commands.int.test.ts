import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ApprovalsFixture, asked, created, openApprovals } from './approvals-fixture.ts'

let fixture: ApprovalsFixture
beforeAll(async () => {
  fixture = await openApprovals()
})
afterAll(() => fixture[Symbol.asyncDispose]())

type Asking = NonNullable<Parameters<ApprovalsFixture['ask']>[1]>

async function send(path: string, body: object, asking: Asking = {}): Promise<{ status: number; body: any }> {
  const { status, text } = await fixture.ask(path, { scopes: ['append'], body, ...asking })
  return { status, body: JSON.parse(text) }
}

async function read(path: string, asking: Asking = {}): Promise<any> {
  return JSON.parse((await fixture.ask(path, asking)).text)
}

const process = { processId: 'demo/release', entrypoint: { importPath: './p.js', exportName: 'process' } }
const effect = (effectId: string, kind = 'node') => ({
  effectId,
  invocationKey: `k:${effectId}`,
  stepId: 'S1',
  taskId: 't',
  kind,
})

/** A run that has asked for these. */
async function start(runId: string, ...effectIds: string[]): Promise<void> {
  await send('/v1/runs', { ...process, runId })
  if (effectIds.length > 0)
    await send(`/v1/runs/${runId}/effects`, { effects: effectIds.map((id) => effect(id)) })
}

async function typesOf(runId: string): Promise<string[]> {
  return (await fixture.tape(`run/${runId}`)).map(({ type }) => type)
}

describe('a run that is led by commands', () => {
  it('is created, asks, gets its results and ends, each as the caller', async () => {
    const by = { person: 'eve' }
    const made = await send('/v1/runs', { ...process, runId: 'c1', inputs: { goal: 'ship' } }, by)
    expect(made).toMatchObject({
      status: 201,
      body: { runId: 'c1', receipts: [{ seq: 1, stream: 'run/c1' }] },
    })
    const effects = [effect('c1-a'), effect('c1-b', 'agent')]
    const asked = await send('/v1/runs/c1/effects', { effects }, by)
    expect(asked).toMatchObject({ status: 200, body: { runId: 'c1', receipts: { length: 2 } } })
    await send('/v1/runs/c1/effects/c1-a/progress', { progressPercent: 50 }, by)
    await send('/v1/effects/c1-a/resolve', { status: 'ok', result: { n: 1 } }, by)
    await send(
      '/v1/runs/c1/effects/c1-b/resolve',
      { status: 'error', error: { message: 'no', data: [1] } },
      by,
    )
    const ended = await send('/v1/runs/c1/complete', { output: { shipped: true } }, by)
    const { position } = ended.body.receipts[0]
    expect(await read(`/v1/runs/c1?minPosition=${position}`)).toMatchObject({
      status: 'completed',
      output: { shipped: true },
      effectsTotal: 2,
      effectsPending: 0,
      faultsTotal: 0,
      durationMs: expect.any(Number),
    })
    expect(await read('/v1/runs/c1/effects/c1-b')).toMatchObject({
      status: 'resolved_error',
      error: { message: 'no', data: [1] },
    })
    expect(await read('/v1/effects/c1-a')).toMatchObject({ runId: 'c1', result: { n: 1 } })
    const events = await fixture.tape('run/c1')
    expect(new Set(events.map(({ actor }) => `${actor.kind} ${actor.id}`))).toEqual(new Set(['user eve']))
  })

  it('gets an id when it is given none', async () => {
    const { body } = await send('/v1/runs', process)
    expect(body.runId).toMatch(/^[0-9A-Z]{26}$/)
    expect(await typesOf(body.runId)).toEqual(['RUN_CREATED'])
  })

  it('is not changed by a command that is repeated after a lost answer', async () => {
    const commands: [string, object][] = [
      ['/v1/runs', { ...process, runId: 'c2' }],
      ['/v1/runs/c2/effects', { effects: [effect('c2-a')] }],
      ['/v1/effects/c2-a/resolve', { status: 'ok', result: [1, { b: 2, a: 1 }] }],
      ['/v1/runs/c2/fail', { error: { message: 'm' } }],
    ]
    for (const [path, body] of commands) {
      const { position } = (await send(path, body)).body.receipts.at(-1)
      const nothing = { status: 200, body: { receipts: [] } }
      expect(await send(path, body)).toMatchObject(nothing)
      // Another instance, whose read model has it.
      await read(`/v1/runs/c2?minPosition=${position}`, { at: 1 })
      expect(await send(path, body, { at: 1 })).toMatchObject(nothing)
    }
    expect(await typesOf('c2')).toEqual(['RUN_CREATED', 'EFFECT_REQUESTED', 'EFFECT_RESOLVED', 'RUN_FAILED'])
  })

  it('refuses what its state does not allow, and says what it does', async () => {
    await start('c3', 'c3-a')
    expect(await send('/v1/runs', { ...process, runId: 'c3', inputs: 1 })).toMatchObject({
      status: 409,
      body: { code: 'invalid-transition', details: { status: 'waiting' } },
    })
    expect(await send('/v1/runs/c3/effects/nobody/resolve', { status: 'ok' })).toMatchObject({
      status: 409,
      body: {
        code: 'invalid-transition',
        detail: expect.stringContaining('never requested'),
        details: { status: 'waiting', allowed: expect.arrayContaining(['resolve-effect']) },
      },
    })
    await send('/v1/effects/c3-a/resolve', { status: 'ok' })
    expect(
      await send('/v1/effects/c3-a/resolve', { status: 'error', error: { message: 'm' } }),
    ).toMatchObject({
      status: 409,
      body: { code: 'invalid-transition', details: { effectStatus: 'resolved_ok' } },
    })
    await send('/v1/runs/c3/complete', {})
    expect(await send('/v1/runs/c3/effects', { effects: [effect('late')] })).toMatchObject({
      status: 409,
      body: { code: 'invalid-transition', details: { status: 'completed', allowed: [] } },
    })
    expect(await typesOf('c3')).toHaveLength(4)
  })

  it('asks for several effects together or for none', async () => {
    await start('c4', 'c4-a')
    const otherwise = { ...effect('c4-a'), label: 'other' }
    expect(await send('/v1/runs/c4/effects', { effects: [effect('c4-b'), otherwise] })).toMatchObject({
      status: 409,
      body: { code: 'invalid-transition' },
    })
    expect(await typesOf('c4')).toEqual(['RUN_CREATED', 'EFFECT_REQUESTED'])
  })

  it('is cancelled at once while it is at rest, and asked to stop while it runs', async () => {
    await start('c5', 'c5-a')
    await send('/v1/runs/c5/cancel', { reason: 'too slow' })
    expect(await typesOf('c5')).toEqual([
      'RUN_CREATED',
      'EFFECT_REQUESTED',
      'RUN_CANCEL_REQUESTED',
      'RUN_CANCELLED',
    ])
    await start('c6', 'c6-a')
    await send('/v1/effects/c6-a/resolve', { status: 'ok' })
    const asked = await send('/v1/runs/c6/cancel', {})
    const { position } = asked.body.receipts[0]
    expect(await read(`/v1/runs/c6?minPosition=${position}`)).toMatchObject({
      status: 'running',
      cancelRequestedAt: expect.any(String),
    })
    await send('/v1/runs/c6/cancel', { now: true })
    expect((await typesOf('c6')).slice(3)).toEqual(['RUN_CANCEL_REQUESTED', 'RUN_CANCELLED'])
    expect(await send('/v1/runs/c6/cancel', {})).toMatchObject({ status: 200, body: { receipts: [] } })
  })

  it.each([
    ['/v1/runs/nobody/complete', {}, 404, 'not-found'],
    ['/v1/runs/nobody/cancel', {}, 404, 'not-found'],
    ['/v1/effects/nobody/cancel', {}, 404, 'not-found'],
    ['/v1/runs/nobody/effects', { effects: [] }, 400, 'invalid-request'],
    ['/v1/runs', { processId: 'p' }, 400, 'invalid-request'],
    ['/v1/runs', { ...process, runId: 'a', colour: 'blue' }, 400, 'invalid-request'],
    ['/v1/runs', { ...process, nested: { colour: 'blue' } }, 400, 'invalid-request'],
    ['/v1/runs/nobody/fail', {}, 400, 'invalid-request'],
  ])('refuses POST %s %j with %i %s', async (path, body, status, code) => {
    expect(await send(path, body)).toMatchObject({ status, body: { code } })
  })

  it('refuses an error that the journal would not keep', async () => {
    await start('c7')
    expect(await send('/v1/runs/c7/fail', { error: { message: 7 } })).toMatchObject({
      status: 422,
      body: { code: 'invalid-event-data' },
    })
  })

  it('is not there for another tenant, and not to be changed by who may only read', async () => {
    await start('c8', 'c8-a')
    for (const path of ['/v1/runs/c8/complete', '/v1/effects/c8-a/cancel']) {
      expect(await send(path, {}, { tenant: 'other' })).toMatchObject({ status: 404 })
      expect(await send(path, {}, { scopes: ['read', 'approve'] })).toMatchObject({ status: 403 })
    }
    expect(await typesOf('c8')).toHaveLength(2)
  })
})

describe('an effect', () => {
  it('that waits for a person is resolved by nobody who may not approve', async () => {
    await fixture.append(created('e1'), asked('e1', 'e1-ask'))
    const answer = { status: 'ok', result: { approved: true } }
    expect(await send('/v1/effects/e1-ask/resolve', answer)).toMatchObject({
      status: 403,
      body: { code: 'forbidden', details: { scope: 'approve' } },
    })
    const { status } = await send('/v1/effects/e1-ask/resolve', answer, { scopes: ['append', 'approve'] })
    expect(status).toBe(200)
  })

  it('is found by its id as soon as it was asked for, unless two runs have one', async () => {
    await start('e2', 'same')
    expect(await send('/v1/effects/same/progress', {}, { at: 1 })).toMatchObject({
      status: 200,
      body: { runId: 'e2', effectId: 'same' },
    })
    await start('e3', 'same')
    await fixture.append(created('e4'))
    expect(await send('/v1/effects/same/resolve', { status: 'ok' })).toMatchObject({
      status: 409,
      body: { code: 'ambiguous-id', details: { runIds: ['e2', 'e3'] } },
    })
    expect(await fixture.ask('/v1/effects/same')).toMatchObject({ status: 409 })
    expect((await send('/v1/runs/e3/effects/same/resolve', { status: 'ok' })).status).toBe(200)
    expect(await typesOf('e2')).not.toContain('EFFECT_RESOLVED')
  })

  it('is resolved once by however many workers at the same time', async () => {
    for (let round = 0; round < 10; round += 1) {
      const [runId, effectId] = [`race-${round}`, `race-${round}-a`]
      await start(runId, effectId)
      const answers = await Promise.all(
        Array.from({ length: 6 }, (_, n) =>
          send(`/v1/runs/${runId}/effects/${effectId}/resolve`, { status: 'ok', result: n }, { at: n % 2 }),
        ),
      )
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
      expect(answers.filter(({ body }) => body.code === 'invalid-transition')).toHaveLength(5)
      expect(await typesOf(runId)).toEqual(['RUN_CREATED', 'EFFECT_REQUESTED', 'EFFECT_RESOLVED'])
    }
  })
})
