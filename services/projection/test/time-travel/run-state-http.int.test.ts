import { foldRun, runDocument } from '@daybook/events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { applyPatch } from '../../../../packages/events/test/apply-patch.ts'
import { completed, created, requested, resolved } from '../run-entries.ts'
import { openService, type ServiceFixture } from '../service-fixture.ts'
import { ask } from './ask.ts'

const minute = (nth: number) => `2026-11-21T09:${String(nth).padStart(2, '0')}:00.000Z`

let fixture: ServiceFixture

beforeAll(async () => {
  fixture = await openService()
  const entries = [
    created('r1'),
    requested('r1', 'e1', { inputs: 'first' }),
    requested('r1', 'e2', { kind: 'breakpoint' }),
    resolved('r1', 'e1', 'done'),
    resolved('r1', 'e2', { approved: true }),
    completed('r1', { ok: true }),
  ]
  await fixture.journal.append(
    ...entries.map((entry, nth) => ({ ...entry, recordedAt: minute(nth + 1) })),
    created('foreign', {}, 'other'),
  )
})

afterAll(() => fixture[Symbol.asyncDispose]())

describe('GET /v1/runs/{id}/state', () => {
  it('answers what the run was, and what it waited for', async () => {
    const { body } = await ask(fixture, '/v1/runs/r1/state?at=4')
    expect(body).toMatchObject({
      seq: 4,
      lastSeq: 6,
      recordedAt: minute(4),
      next: null,
      run: { status: 'waiting', effectsPending: 1, effectsTotal: 2, lastSeq: 4 },
    })
    expect(Object.keys(body.effects)).toEqual(['e2'])
    expect(body.run).not.toHaveProperty('endedAt')
  })

  it('answers the present state when no moment is named, also when no read model has it yet', async () => {
    const { body, headers } = await ask(fixture, '/v1/runs/r1/state')
    expect(body).toMatchObject({ seq: 6, run: { status: 'completed', output: { ok: true } }, effects: {} })
    expect(headers.get('daybook-position')).toBe('7')
  })

  it('has the effects as they were then', async () => {
    const before = await ask(fixture, '/v1/runs/r1/state?at=3&effects=all')
    expect(before.body.effects['e1']).toMatchObject({ status: 'requested', inputs: 'first' })
    expect(before.body.effects['e1']).not.toHaveProperty('result')
    const after = await ask(fixture, '/v1/runs/r1/state?at=4&effects=all')
    expect(after.body.effects['e1']).toMatchObject({ status: 'resolved_ok', inputs: 'first', result: 'done' })
    expect((await ask(fixture, '/v1/runs/r1/state?at=3&effects=none')).body.effects).toEqual({})
  })

  it.each([
    [minute(4), 4],
    ['2026-11-21T09:04:59.999Z', 4],
    ['2026-11-21T09:05Z', 5],
    ['2026-11-21', 0],
    ['2026-11-22', 6],
    ['2026-11-21T09:03:00Z', 3],
    ['2026-11-21T08:00:00Z', 0],
    ['2030-01-01T00:00:00Z', 6],
  ])('takes %s for the moment after event %i', async (at, seq) => {
    const { body } = await ask(fixture, `/v1/runs/r1/state?at=${encodeURIComponent(at)}`)
    expect(body.seq).toBe(seq)
  })

  it('is nothing before the first event', async () => {
    const { body } = await ask(fixture, '/v1/runs/r1/state?at=0&effects=all')
    expect(body).toMatchObject({ seq: 0, recordedAt: null, run: null, effects: {}, next: null })
  })

  it('gives the effects in pages, in the order of their requests', async () => {
    const first = await ask(fixture, '/v1/runs/r1/state?at=5&effects=all&limit=1')
    expect(Object.keys(first.body.effects)).toEqual(['e1'])
    const second = await ask(fixture, `/v1/runs/r1/state?at=5&effects=all&limit=1&cursor=${first.body.next}`)
    expect([Object.keys(second.body.effects), second.body.next]).toEqual([['e2'], null])
  })

  it('ends a page at 2 MiB', async () => {
    const inputs = 'x'.repeat(250_000)
    const effects = Array.from({ length: 12 }, (_, n) => requested('heavy', `e${n}`, { inputs }))
    await fixture.journal.append(created('heavy'), ...effects)
    const first = await ask(fixture, '/v1/runs/heavy/state')
    expect(first.text.length).toBeLessThan(2 * 1024 * 1024 + 10_000)
    expect(Object.keys(first.body.effects)).toHaveLength(8)
    const second = await ask(fixture, `/v1/runs/heavy/state?cursor=${first.body.next}`)
    expect(Object.keys(second.body.effects)).toHaveLength(4)
  })

  it.each([
    ['/v1/runs/nobody/state', 404, 'not-found'],
    ['/v1/runs/foreign/state', 404, 'not-found'],
    ['/v1/runs/r1/state?at=7', 400, 'invalid-request'],
    ['/v1/runs/r1/state?at=-1', 400, 'invalid-request'],
    ['/v1/runs/r1/state?at=1e3', 400, 'invalid-request'],
    ['/v1/runs/r1/state?at=yesterday', 400, 'invalid-request'],
    ['/v1/runs/r1/state?at=2026-11-21T09:05:00', 400, 'invalid-request'],
    ['/v1/runs/r1/state?at=2026-13-21T09:00:00Z', 400, 'invalid-request'],
    ['/v1/runs/r1/state?at=2026-02-30T09:00:00Z', 400, 'invalid-request'],
    ['/v1/runs/r1/state?at=99999999999999999999', 400, 'invalid-request'],
    ['/v1/runs/r1/state?effects=some', 400, 'invalid-request'],
    ['/v1/runs/r1/state?cursor=junk', 400, 'invalid-cursor'],
    ['/v1/runs/r1/diff', 400, 'invalid-request'],
    ['/v1/runs/r1/diff?from=1&to=9', 400, 'invalid-request'],
    ['/v1/runs/nobody/diff?from=1', 404, 'not-found'],
  ])('refuses %s with %i %s', async (path, status, code) => {
    expect(await ask(fixture, path)).toMatchObject({ status, body: { code } })
  })

  it('says how far the run is to who asks for a seq that it has not reached', async () => {
    expect(await ask(fixture, '/v1/runs/r1/state?at=7')).toMatchObject({
      body: { details: { lastSeq: 6 } },
    })
  })

  it('needs the scope read', async () => {
    const { status } = await ask(fixture, '/v1/runs/r1/state', { 'daybook-scopes': 'append' })
    expect(status).toBe(403)
  })

  it('shows a tenant its own runs', async () => {
    const { status } = await ask(fixture, '/v1/runs/foreign/state', { 'daybook-tenant': 'other' })
    expect(status).toBe(200)
  })
})

describe('GET /v1/runs/{id}/diff', () => {
  it('is a JSON Patch from the one state to the other', async () => {
    const events = (await fixture.journal.readAll()).filter(({ stream }) => stream === 'run/r1')
    const documentAt = (seq: number) => {
      const document = runDocument(foldRun(events.filter((event) => event.seq <= seq)))
      return JSON.parse(JSON.stringify(document))
    }
    for (const [from, to] of [
      [3, 5],
      [5, 3],
      [0, 6],
    ] as const) {
      const { body } = await ask(fixture, `/v1/runs/r1/diff?from=${from}&to=${to}`)
      expect(body).toMatchObject({ from: { seq: from }, to: { seq: to }, next: null })
      expect(applyPatch(documentAt(from), body.patch)).toEqual(documentAt(to))
    }
  })

  it('goes up to now when no end is named, and takes instants', async () => {
    const { body } = await ask(fixture, `/v1/runs/r1/diff?from=${minute(4)}`)
    expect(body).toMatchObject({ from: { seq: 4, recordedAt: minute(4) }, to: { seq: 6 } })
    expect(body.patch).toContainEqual({ op: 'replace', path: '/run/status', value: 'completed' })
  })

  it('is empty between a state and itself', async () => {
    expect((await ask(fixture, '/v1/runs/r1/diff?from=4&to=4')).body.patch).toEqual([])
  })

  it('comes in pages, of which the first one has the run', async () => {
    const first = await ask(fixture, '/v1/runs/r1/diff?from=1&to=5&limit=1')
    expect(first.body.patch.some(({ path }) => path.startsWith('/run/'))).toBe(true)
    expect(first.body.patch.some(({ path }) => path === '/effects/e2')).toBe(false)
    const second = await ask(fixture, `/v1/runs/r1/diff?from=1&to=5&limit=1&cursor=${first.body.next}`)
    expect(second.body.patch.map(({ path }) => path)).toEqual(['/effects/e2'])
    expect(second.body.next).toBeNull()
  })
})
