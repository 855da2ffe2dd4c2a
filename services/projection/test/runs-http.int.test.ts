import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { completed, created, requested, resolved } from './run-entries.ts'
import { openService, type ServiceFixture } from './service-fixture.ts'

const MIB = 1_024 * 1_024
/** Of a list that is sorted otherwise. */
const CREATED_CURSOR = Buffer.from('["created","2026-11-21T09:00:00.000Z","r"]').toString('base64url')

describe('GET /v1/runs', () => {
  let fixture: ServiceFixture
  let position: number
  const ids = async (path: string) => (await fixture.get(path)).body.runs.map(({ runId }) => runId)
  const effectIds = async (path: string) =>
    (await fixture.get(path)).body.effects.map(({ effectId }) => effectId)

  beforeAll(async () => {
    fixture = await openService()
    const events = await fixture.journal.append(
      created('r1', { sessionId: 's1' }),
      created('r2'),
      created('r3', { processId: 'process/other' }),
      requested('r2', 'e1', { kind: 'breakpoint' }),
      requested('r2', 'e2'),
      requested('r2', 'e3', { kind: 'breakpoint' }),
      resolved('r2', 'e2', { answer: 42 }),
      completed('r1', { ok: true }),
      created('deep/id:with~signs@and=more.x'),
      created('foreign', {}, 'other'),
      { stream: 'import/r9', type: 'RUN_IMPORTED' },
    )
    position = events.length
    await fixture.service.runs.waitFor(position, 10_000)
  })
  afterAll(() => fixture[Symbol.asyncDispose]())

  it('lists runs newest first', async () => {
    expect(await ids('/v1/runs')).toEqual(['deep/id:with~signs@and=more.x', 'r3', 'r2', 'r1'])
  })

  it('filters by status, process and session', async () => {
    expect(await ids('/v1/runs?status=completed')).toEqual(['r1'])
    expect(await ids('/v1/runs?status=waiting')).toEqual(['r2'])
    expect(await ids('/v1/runs?processId=process/other')).toEqual(['r3'])
    expect(await ids('/v1/runs?sessionId=s1')).toEqual(['r1'])
    expect(await ids('/v1/runs?sessionId=s1&status=waiting')).toEqual([])
  })

  it('selects by when they were created, and sorts the other way round', async () => {
    const { body } = await fixture.get('/v1/runs')
    const [, third, second] = body.runs.map(({ createdAt }) => createdAt)
    expect(await ids(`/v1/runs?since=${second}&until=${third}`)).toEqual(['r2'])
    expect(await ids(`/v1/runs?since=${third}&order=asc`)).toEqual(['r3', 'deep/id:with~signs@and=more.x'])
    expect(await ids('/v1/runs?until=2020-01-01')).toEqual([])
    expect(await ids('/v1/runs?since=2020-01-01&order=asc&limit=2')).toEqual(['r1', 'r2'])
  })

  it('shows the runs of the tenant of the request only', async () => {
    const { body } = await fixture.get('/v1/runs', { 'daybook-tenant': 'other' })
    expect(body.runs.map(({ runId }) => runId)).toEqual(['foreign'])
    expect(await fixture.get('/v1/runs/foreign')).toMatchObject({ status: 404 })
  })

  it('goes from page to page without skipping or repeating, also when runs come in between', async () => {
    const seen: string[] = []
    let next: string | number | null = ''
    while (next !== null) {
      const cursor: string = next === '' ? '' : `&cursor=${next}`
      const { body } = await fixture.get(`/v1/runs?limit=1${cursor}`)
      seen.push(...body.runs.map(({ runId }) => runId))
      next = body.next
      if (seen.length === 2) await fixture.journal.append(created('late', {}, 'main'))
    }
    expect(seen).toEqual(['deep/id:with~signs@and=more.x', 'r3', 'r2', 'r1'])
  })

  it('gives one run, whatever its id', async () => {
    expect(await fixture.get('/v1/runs/r2')).toMatchObject({
      status: 200,
      body: {
        runId: 'r2',
        status: 'waiting',
        effectsTotal: 3,
        effectsPending: 2,
        pendingByKind: { breakpoint: 2 },
      },
    })
    const odd = await fixture.get(`/v1/runs/${encodeURIComponent('deep/id:with~signs@and=more.x')}`)
    expect(odd.body.runId).toBe('deep/id:with~signs@and=more.x')
  })

  it('lists the effects of a run in the order of asking, by status and kind', async () => {
    expect(await effectIds('/v1/runs/r2/effects')).toEqual(['e1', 'e2', 'e3'])
    expect(await effectIds('/v1/runs/r2/effects?status=requested&kind=breakpoint')).toEqual(['e1', 'e3'])
    expect(await effectIds('/v1/runs/r2/effects?status=resolved_ok')).toEqual(['e2'])
    const first = await fixture.get('/v1/runs/r2/effects?limit=2')
    expect(await effectIds(`/v1/runs/r2/effects?limit=2&cursor=${first.body.next}`)).toEqual(['e3'])
    expect(await effectIds('/v1/runs/r1/effects')).toEqual([])
  })

  it('says how far it is, past events of other kinds too', async () => {
    const { headers } = await fixture.get('/v1/runs/r1')
    expect(Number(headers.get('daybook-position'))).toBeGreaterThanOrEqual(position)
  })

  it.each([
    ['/v1/runs/nobody', 404, 'not-found'],
    ['/v1/runs/nobody/effects', 404, 'not-found'],
    ['/v1/runs?cursor=junk', 400, 'invalid-cursor'],
    ['/v1/runs/r2/effects?cursor=junk', 400, 'invalid-cursor'],
    ['/v1/runs?limit=0', 400, 'invalid-request'],
    ['/v1/runs?limit=1025', 400, 'invalid-request'],
    ['/v1/runs?status=tired', 400, 'invalid-request'],
    ['/v1/runs?since=yesterday', 400, 'invalid-request'],
    ['/v1/runs?since=2026-02-30', 400, 'invalid-request'],
    ['/v1/runs?until=0000-01-01', 400, 'invalid-request'],
    ['/v1/runs?sort=cost', 400, 'invalid-request'],
    [`/v1/runs?sort=ended&cursor=${CREATED_CURSOR}`, 400, 'invalid-cursor'],
    ['/v1/runs?colour=blue', 400, 'invalid-request'],
    ['/v1/runs/r1?colour=blue', 400, 'invalid-request'],
    ['/v1/runs/r2/effects?minPosition=-1', 400, 'invalid-request'],
    ['/v1/runs/%00', 400, 'invalid-request'],
    ['/v1/runs?processId=%00', 400, 'invalid-request'],
  ])('refuses %s with %i %s', async (path, status, code) => {
    expect(await fixture.get(path)).toMatchObject({ status, body: { code } })
  })

  it('waits for minPosition, so that a writer can read its own write', async () => {
    for (let round = 0; round < 5; round += 1) {
      const [event] = await fixture.journal.append(created(`own-${round}`))
      const { status, headers } = await fixture.get(`/v1/runs/own-${round}?minPosition=${event?.position}`)
      expect(status).toBe(200)
      expect(Number(headers.get('daybook-position'))).toBeGreaterThanOrEqual(event?.position ?? Infinity)
    }
  })

  it('says so when minPosition does not come in time', async () => {
    const answer = await fixture.get('/v1/runs?minPosition=1000000')
    expect(answer).toMatchObject({ status: 503, body: { code: 'position-not-reached' } })
  })

  it('ends a page at 2 MiB', async () => {
    const big = 'x'.repeat(250_000)
    const effects = Array.from({ length: 12 }, (_, n) => requested('heavy', `e${n}`, { inputs: big }))
    const events = await fixture.journal.append(created('heavy'), ...effects)
    const first = await fixture.get(`/v1/runs/heavy/effects?minPosition=${events.at(-1)?.position}`)
    expect(first.text.length).toBeLessThan(2 * MIB)
    expect(first.body.effects).toHaveLength(8)
    const second = await fixture.get(`/v1/runs/heavy/effects?cursor=${first.body.next}`)
    expect(second.body).toMatchObject({ effects: { length: 4 }, next: null })
  })
})

describe('runs that have ended', () => {
  let fixture: ServiceFixture
  beforeAll(async () => {
    fixture = await openService()
    const logs = (runId: string, count: number) =>
      Array.from({ length: count }, () => ({ stream: `run/${runId}`, type: 'PROCESS_LOG' }))
    // Each event comes a millisecond after the one before it.
    const events = await fixture.journal.append(
      created('a'),
      created('b'),
      completed('b'),
      created('c'),
      ...logs('c', 5),
      completed('c'),
      completed('a'),
      created('open'),
      created('d'),
      completed('d'),
    )
    await fixture.service.runs.waitFor(events.length, 10_000)
  })
  afterAll(() => fixture[Symbol.asyncDispose]())

  async function walk(query: string): Promise<string[]> {
    const seen: string[] = []
    for (let next: string | number | null = ''; next !== null; ) {
      const cursor: string = next === '' ? '' : `&cursor=${next}`
      const { body } = await fixture.get(`/v1/runs?limit=1&${query}${cursor}`)
      seen.push(...body.runs.map(({ runId }) => runId))
      next = body.next
    }
    return seen
  }

  it.each([
    ['sort=ended', ['d', 'a', 'c', 'b']],
    ['sort=ended&order=asc', ['b', 'c', 'a', 'd']],
    ['sort=duration', ['a', 'c', 'd', 'b']],
    ['sort=duration&order=asc', ['b', 'd', 'c', 'a']],
    ['sort=created&order=asc', ['a', 'b', 'c', 'open', 'd']],
    ['sort=duration&status=failed', []],
  ])('are listed by %s, page by page', async (query, expected) => {
    expect(await walk(query)).toEqual(expected)
  })
})
