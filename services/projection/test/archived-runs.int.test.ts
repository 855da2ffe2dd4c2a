import { gzipSync } from 'node:zlib'
import { archiveStoreOf, bundleName, payloadArchive } from '@daybook/eventing'
import { archivedMark, bundleLines, type JournalEvent } from '@daybook/events'
import { createTempFolder, type TempFolder } from '@daybook/testing'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { completed, created, requested, resolved } from './run-entries.ts'
import { openService, type ServiceFixture } from './service-fixture.ts'

const ARCHIVE_ID = '01K0000000000000000ARCH1VE'
const SECRET = 'a secret that is in the archive only'

let folder: TempFolder
let fixture: ServiceFixture

beforeEach(async () => {
  folder = await createTempFolder()
  const store = archiveStoreOf({ ARCHIVE_TO: folder.path })
  if (store === undefined) throw new Error('no store')
  fixture = await openService({ compareMs: 50, archive: payloadArchive(store) })
})

afterEach(async () => {
  await fixture[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

/** What the journal does with the events of a run that ended. */
async function archive(events: readonly JournalEvent[]): Promise<void> {
  const heading = { tenant: 'main', streams: ['run/r1'], era: 1, createdAt: '2026-11-21T09:00:00.000Z' }
  const lines = await Array.fromAsync(
    bundleLines(
      heading,
      events.map((event) => ({ event })),
    ),
  )
  const store = archiveStoreOf({ ARCHIVE_TO: folder.path })
  await store?.put(bundleName('main', ARCHIVE_ID), gzipSync(lines.map((line) => `${line}\n`).join('')))
  const positions = events.map(({ position }) => position)
  await fixture.journal.database.kysely.transaction().execute(async (trx) => {
    await sql`select set_config('daybook.erasure', 'x', true)`.execute(trx)
    await sql`update journal.events set data = null, erasure_id = ${archivedMark(ARCHIVE_ID)}
      where position = any(${positions}::bigint[])`.execute(trx)
  })
}

const history = [
  created('r1'),
  requested('r1', 'e1', { inputs: SECRET }),
  resolved('r1', 'e1', { result: SECRET }),
  completed('r1', { output: SECRET }),
]

describe('a run that is archived', () => {
  it('is read as before: its tape, the journal, and a live tail', async () => {
    const events = await fixture.journal.append(...history)
    const [tape, all] = ['/v1/streams/run/r1/events', '/v1/events']
    const before = [(await fixture.get(tape)).body.events, (await fixture.get(all)).body.events]
    await archive(events)
    expect([(await fixture.get(tape)).body.events, (await fixture.get(all)).body.events]).toEqual(before)
    expect(before[0]).toEqual(events)
    const leaving = new AbortController()
    const tail = await fetch(`${fixture.service.http.url}${tape}?after=0`, {
      headers: { accept: 'text/event-stream' },
      signal: leaving.signal,
    })
    const reader = tail.body?.getReader()
    let text = ''
    while (!text.includes('RUN_COMPLETED')) text += new TextDecoder().decode((await reader?.read())?.value)
    expect(text).toContain(SECRET)
    leaving.abort()
  })

  it('is folded anew from its bundle when some of it is erased', async () => {
    const events = await fixture.journal.append(...history)
    await archive(events)
    const ranges = [{ first: 4, last: 4 }]
    const data = { erasureId: '01K00000000000000000ERASE0', ranges }
    const [notice] = await fixture.journal.append({ stream: 'run/r1', type: 'RUN_PAYLOADS_ERASED', data })
    const { body } = await fixture.get(`/v1/runs/r1?minPosition=${notice?.position}`)
    expect(body).toMatchObject({ status: 'completed', erasedTotal: 1, effectsTotal: 1 })
    expect(body).not.toHaveProperty('output')
    const effects = await fixture.get('/v1/runs/r1/effects')
    expect(effects.body.effects).toMatchObject([{ effectId: 'e1', result: { result: SECRET } }])
  })

  it('is refused with its own code, and by no other run, when its bundle is away', async () => {
    const events = await fixture.journal.append(...history)
    const [other] = await fixture.journal.append(created('r2'))
    // Both are in the read model before one of them is archived.
    expect((await fixture.get(`/v1/runs/r2?minPosition=${other?.position}`)).status).toBe(200)
    await archive(events)
    await folder[Symbol.asyncDispose]()
    const tape = await fixture.get('/v1/streams/run/r1/events')
    expect([tape.status, tape.body.code]).toEqual([503, 'archive-unavailable'])
    expect((await fixture.get('/v1/streams/run/r2/events')).status).toBe(200)
    // The read model has what it had.
    expect((await fixture.get('/v1/runs/r1')).status).toBe(200)
  })
})
