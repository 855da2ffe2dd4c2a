import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Entry } from '../../../packages/eventing/test/journal-fixture.ts'
import { openService, type ServiceFixture } from './service-fixture.ts'

const MIB = 1_024 * 1_024
const halted = (runId: string, tenant = 'main'): Entry => ({
  stream: `run/${runId}`,
  type: 'RUN_HALTED',
  tenant,
})

describe('reading the journal over HTTP', () => {
  let fixture: ServiceFixture
  const positions = async (path: string) =>
    (await fixture.get(path)).body.events.map(({ position }) => position)

  beforeAll(async () => {
    fixture = await openService()
    await fixture.journal.append(
      halted('a'),
      { stream: 'import/a', type: 'RUN_IMPORTED' },
      halted('b'),
      halted('a', 'other'),
      { stream: 'run/a', type: 'PROCESS_LOG' },
      halted('a'),
      halted('odd/id~1.x'),
    )
  })
  afterAll(() => fixture[Symbol.asyncDispose]())

  it('gives the events of the tenant in their order, with the position of the journal', async () => {
    const { body, headers } = await fixture.get('/v1/events')
    expect(body.events.map(({ position }) => position)).toEqual([1, 2, 3, 5, 6, 7])
    expect(body.next).toBeNull()
    expect(headers.get('daybook-position')).toBe('7')
  })

  it('gives events as the journal has them', async () => {
    const all = (await fixture.journal.readAll()).filter(({ tenant }) => tenant === 'main')
    expect((await fixture.get('/v1/events')).body.events).toEqual(all)
  })

  it('pages by position and filters by type and kind', async () => {
    expect((await fixture.get('/v1/events?limit=2')).body.next).toBe(2)
    expect(await positions('/v1/events?limit=2&after=2')).toEqual([3, 5])
    expect(await positions('/v1/events?kinds=import')).toEqual([2])
    expect(await positions('/v1/events?types=RUN_IMPORTED,PROCESS_LOG')).toEqual([2, 5])
    expect(await positions('/v1/events?types=RUN_IMPORTED&types=PROCESS_LOG&kinds=run')).toEqual([5])
    expect(await positions('/v1/events?after=99')).toEqual([])
  })

  it('gives the tape of one stream, forward and backward', async () => {
    expect(await positions('/v1/streams/run/a/events')).toEqual([1, 5, 6])
    expect((await fixture.get('/v1/streams/run/a/events?limit=2')).body.next).toBe(2)
    expect(await positions('/v1/streams/run/a/events?after=2')).toEqual([6])
    expect(await positions('/v1/streams/run/a/events?reverse=true&limit=2')).toEqual([6, 5])
    expect(await positions('/v1/streams/run/a/events?reverse=true&after=2')).toEqual([1])
    expect(await positions('/v1/streams/run/a/events?types=PROCESS_LOG')).toEqual([5])
    expect(await positions(`/v1/streams/run/${encodeURIComponent('odd/id~1.x')}/events`)).toEqual([7])
  })

  it.each([
    ['/v1/streams/run/nobody/events', 404, 'not-found'],
    ['/v1/streams/RUN/a/events', 400, 'invalid-stream'],
    ['/v1/streams/run/%20/events', 400, 'invalid-stream'],
    ['/v1/streams/run/a/events?after=-1', 400, 'invalid-request'],
    ['/v1/streams/run/a/events?reverse=perhaps', 400, 'invalid-request'],
    ['/v1/streams/run/a/events?kinds=run', 400, 'invalid-request'],
    ['/v1/events?limit=1025', 400, 'invalid-request'],
    ['/v1/events?after=1.5', 400, 'invalid-request'],
    ['/v1/events?types=%00', 400, 'invalid-request'],
    ['/v1/events?colour=blue', 400, 'invalid-request'],
  ])('refuses %s with %i %s', async (path, status, code) => {
    expect(await fixture.get(path)).toMatchObject({ status, body: { code } })
  })

  it('ends a page at 2 MiB', async () => {
    const data = { text: 'x'.repeat(250_000) }
    const big = Array.from({ length: 12 }, () => ({ stream: 'run/big', type: 'RUN_HALTED', data }))
    await fixture.journal.append(...big)
    const first = await fixture.get('/v1/streams/run/big/events')
    expect(first.text.length).toBeLessThan(2 * MIB)
    expect(first.body.events).toHaveLength(8)
    expect(first.body.next).toBe(8)
    const second = await fixture.get('/v1/streams/run/big/events?after=8')
    expect(second.body.events).toHaveLength(4)
  })

  it('gives an entry that is larger than a page alone', async () => {
    const data = { text: 'x'.repeat(3 * MIB) }
    await fixture.journal.append({ stream: 'run/huge', type: 'RUN_HALTED', data }, halted('huge'))
    const first = await fixture.get('/v1/streams/run/huge/events')
    expect(first.body.events.map(({ seq }) => seq)).toEqual([1])
    expect(first.body.next).toBe(1)
    expect((await fixture.get('/v1/streams/run/huge/events?after=1')).body.events).toHaveLength(1)
  })
})
