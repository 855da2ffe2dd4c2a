import { generateSignerKey, openCheckpoint, verifyBundle } from '@daybook/events'
import { waitFor } from '@daybook/testing'
import { describe, expect, it } from 'vitest'
import { sealNext } from '../src/seal/seal.ts'
import { verifyJournal } from '../src/verify/journal.ts'
import { alter } from './forger.ts'
import { createJournalDatabase, log, openJournalService, readAll } from './service-fixture.ts'

const ORIGIN = 'test.example/journal'
const { key } = generateSignerKey(ORIGIN)

/** 300 events of run/a, more than a page, between events of run/b. */
async function setUp() {
  await using stack = new AsyncDisposableStack()
  const test = stack.use(await createJournalDatabase())
  const database = test.connect()
  const journal = stack.use(await openJournalService(database))
  const seal = () => sealNext(database, { signer: key, origin: ORIGIN })
  await journal.append(
    Array.from({ length: 600 }, (_, nth) => log(nth % 2 === 0 ? 'run/a' : 'run/b', String(nth))),
  )
  const get = (path: string, headers = {}) => fetch(`${journal.service.http.url}${path}`, { headers })
  const linesOf = async (path: string): Promise<string[]> => {
    const text = await (await get(path)).text()
    return text.split('\n').slice(0, -1)
  }
  const opened = stack.move()
  return { database, journal, seal, get, linesOf, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

describe('GET /v1/streams/{kind}/{id}/bundle', () => {
  it('gives the whole stream with what proves it, sealed or not', async () => {
    await using setup = await setUp()
    const { seal, linesOf, get, journal } = setup
    expect(await verifyBundle(await linesOf('/v1/streams/run/a/bundle'))).toMatchObject({
      events: 300,
      proven: 0,
    })
    await seal()
    await journal.append([log('run/a', 'late')])
    const report = await verifyBundle(await linesOf('/v1/streams/run/a/bundle'), { keys: [key.verifier] })
    expect(report).toMatchObject({
      streams: ['run/a'],
      events: 301,
      proven: 300,
      unproven: 1,
      signers: [ORIGIN],
    })
    expect(report).not.toHaveProperty('fault')
    const { headers } = await get('/v1/streams/run/a/bundle')
    expect(headers.get('content-type')).toBe('application/jsonl; charset=utf-8')
  })

  it('proves that it continues an older checkpoint', async () => {
    await using setup = await setUp()
    const { seal, linesOf, get, journal } = setup
    const { checkpoint } = await seal()
    const opened = openCheckpoint(checkpoint?.note ?? '', [key.verifier])
    if ('reason' in opened) throw new Error(opened.reason)
    await journal.append([log('run/a', 'late')])
    await seal()
    const lines = await linesOf('/v1/streams/run/a/bundle?since=600')
    const options = { keys: [key.verifier], known: [opened.checkpoint] }
    expect(await verifyBundle(lines, options)).not.toHaveProperty('fault')
    const forged = { ...opened.checkpoint, root: Buffer.alloc(32) }
    expect(await verifyBundle(lines, { ...options, known: [forged] })).toMatchObject({
      fault: { code: 'rewritten' },
    })
    expect(await (await get('/v1/streams/run/a/bundle?since=602')).json()).toMatchObject({
      code: 'not-sealed',
    })
  })

  it('shows what was altered in the table', async () => {
    await using setup = await setUp()
    const { seal, linesOf, database } = setup
    await seal()
    await alter(database, `update journal.events set data = '{"message":"forged"}' where position = 7`)
    const report = await verifyBundle(await linesOf('/v1/streams/run/a/bundle'), { keys: [key.verifier] })
    expect(report.fault).toMatchObject({ code: 'checksum', stream: 'run/a', seq: 4, position: 7 })
  })

  it('has the records of what was erased, and so has the verification of the database', async () => {
    await using setup = await setUp()
    const { linesOf, database, journal, seal } = setup
    await seal()
    const [event] = await readAll(database)
    const answer = await fetch(`${journal.service.http.url}/v1/erasures`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ids: [event?.id], reason: 'asked for' }),
    })
    expect(answer.status).toBe(201)
    const keys = [key.verifier]
    await waitFor(async () => (await verifyJournal(database, { keys, known: [] })).erased === 1, {
      what: 'the erasure to be carried out',
    })
    expect(await verifyJournal(database, { keys, known: [] })).not.toHaveProperty('fault')
    const report = await verifyBundle(await linesOf('/v1/streams/run/a/bundle'), { keys })
    expect(report).toMatchObject({ streams: ['run/a'], erased: 1, proven: 300 })
    expect(report).not.toHaveProperty('fault')
    // Without its record the same is a fault.
    await alter(database, `update journal.events set type = 'X' where kind = 'erasure'`)
    expect((await verifyJournal(database, { keys, known: [] })).fault).toMatchObject({
      code: 'hash',
    })
  })

  it('is not found for another tenant, or where there is no such stream', async () => {
    await using setup = await setUp()
    const { get } = setup
    expect((await get('/v1/streams/run/a/bundle', { 'daybook-tenant': 'other' })).status).toBe(404)
    expect((await get('/v1/streams/run/nope/bundle')).status).toBe(404)
  })
})

describe('GET /v1/runs/{id}/verify', () => {
  it('says whether the run is sound, and where it is not', async () => {
    await using setup = await setUp()
    const { seal, get, database } = setup
    await seal()
    expect(await (await get('/v1/runs/a/verify')).json()).toEqual({
      ok: true,
      events: 300,
      proven: 300,
      unproven: 0,
      erased: 0,
      archived: 0,
    })
    await alter(database, `update journal.events set type = 'RUN_FAILED' where position = 7`)
    expect(await (await get('/v1/runs/a/verify')).json()).toMatchObject({
      ok: false,
      fault: { code: 'hash', stream: 'run/a', seq: 4 },
    })
    expect((await get('/v1/runs/nope/verify')).status).toBe(404)
  })
})
