import { createHash } from 'node:crypto'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { journalReader, payloadArchive } from '@daybook/eventing'
import { archivedStreamOf, type Draft, type JournalEvent, verifyBundle, verifyChain } from '@daybook/events'
import { openObjectStore } from '@daybook/object-store'
import { createTempFolder, describeWithServer, type TempFolder, waitFor } from '@daybook/testing'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { send } from './http.ts'
import {
  createJournalDatabase,
  type JournalDatabase,
  type JournalFixture,
  log,
  nextId,
  openJournalService,
} from './service-fixture.ts'

let folder: TempFolder
let database: JournalDatabase
let journal: JournalFixture

beforeEach(async () => {
  folder = await createTempFolder()
  database = await createJournalDatabase()
  journal = await open()
})

afterEach(async () => {
  await journal[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

const open = () =>
  openJournalService(database.connect(), undefined, { archive: { store: openObjectStore(folder.path) } })

function run(stream: string): Draft[] {
  const runId = stream.slice('run/'.length)
  const created = { runId, processId: 'p', entrypoint: { importPath: 'p.js', exportName: 'default' } }
  return [
    { id: nextId(), stream, type: 'RUN_CREATED', v: 1, data: created },
    log(stream, `secret of ${runId}`),
    { id: nextId(), stream, type: 'RUN_COMPLETED', v: 1, data: { output: { answer: 42 } } },
  ]
}

const reader = () => journalReader(database.connect().kysely, payloadArchive(openObjectStore(folder.path)))
const streamOf = (stream: string): Promise<JournalEvent[]> =>
  reader().page({ tenant: 'main', stream, limit: 100 })
const archiveNow = () => send(journal, 'POST', '/v1/archives', { olderThanDays: 0 })

async function payloadsInTable(stream: string): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select count(data)::int as n from journal.events where stream = ${stream}`.execute(
    database.connect().kysely,
  )
  return rows[0]?.n ?? -1
}

async function bundlesInFolder(): Promise<string[]> {
  const names = await readdir(join(folder.path, 'main')).catch(() => [])
  return names.map((name) => join(folder.path, 'main', name))
}

async function onlyBundle(): Promise<{ path: string; text: string; sha256: string }> {
  const [path = '', ...others] = await bundlesInFolder()
  expect(others).toEqual([])
  const file = await readFile(path)
  return { path, text: gunzipSync(file).toString(), sha256: createHash('sha256').update(file).digest('hex') }
}

describe('the archive', () => {
  it('takes the payloads of a run that ended out of the table, and reads go on as if it had not', async () => {
    await journal.append(run('run/a'))
    const before = await streamOf('run/a')
    expect((await archiveNow()).body).toEqual({ archived: 1, more: false })
    expect(await payloadsInTable('run/a')).toBe(0)
    expect(await streamOf('run/a')).toEqual(before)
    expect(verifyChain(before)).toBeUndefined()
  })

  it('leaves a bundle that can be verified, a row that says where it is, and a record with its hash', async () => {
    await journal.append(run('run/a'))
    await archiveNow()
    const { text, sha256 } = await onlyBundle()
    const report = await verifyBundle(text.split('\n').slice(0, -1))
    expect([report.fault, report.events]).toEqual([undefined, 3])
    const { body } = await send(journal, 'GET', '/v1/archives')
    expect(body.archives).toMatchObject([
      { stream: 'run/a', firstSeq: 1, lastSeq: 3, sha256, archivedAt: expect.any(String) },
    ])
    const [record] = await streamOf(`archive/${body.archives[0].id}`)
    expect(record && archivedStreamOf(record)).toMatchObject({ stream: 'run/a', lastSeq: 3, sha256 })
  })

  it('leaves alone what has not ended, and what is not old enough', async () => {
    await journal.append([...run('run/ended'), ...run('run/open').slice(0, 2)])
    expect((await send(journal, 'POST', '/v1/archives', { olderThanDays: 1 })).body.archived).toBe(0)
    expect((await archiveNow()).body.archived).toBe(1)
    expect([await payloadsInTable('run/ended'), await payloadsInTable('run/open')]).toEqual([0, 2])
    await journal.append(run('run/open').slice(2))
    expect((await archiveNow()).body.archived).toBe(1)
    expect(await payloadsInTable('run/open')).toBe(0)
  })

  it('archives again what is said of a run after its end', async () => {
    await journal.append(run('run/a'))
    await archiveNow()
    await journal.append([log('run/a', 'late')])
    const before = await streamOf('run/a')
    // Nothing ended in what is left: it stays in the table.
    expect((await archiveNow()).body.archived).toBe(0)
    expect(await streamOf('run/a')).toEqual(before)
  })

  it('says which bundle it cannot read', async () => {
    await journal.append(run('run/a'))
    await archiveNow()
    const { path } = await onlyBundle()
    await rm(path)
    await expect(streamOf('run/a')).rejects.toMatchObject({
      code: 'archive-unavailable',
      message: expect.stringContaining('run/a seq 1'),
    })
    const unaware = journalReader(database.connect().kysely)
    await expect(unaware.page({ limit: 10 })).rejects.toMatchObject({ code: 'archive-unavailable' })
  })

  it('does not hand out a payload that was changed in its bundle', async () => {
    await journal.append(run('run/a'))
    await archiveNow()
    const { path, text } = await onlyBundle()
    await writeFile(path, (await import('node:zlib')).gzipSync(text.replace('secret of a', 'secret of b')))
    await expect(streamOf('run/a')).rejects.toMatchObject({
      code: 'archive-unavailable',
      message: expect.stringContaining('another payload'),
    })
  })

  it('finishes what a process began that ended before the payloads left', async () => {
    await journal.append(run('run/a'))
    const connection = database.connect()
    const id = nextId()
    await sql`
      insert into journal.archives (id, tenant, stream, first_seq, last_seq, first_position, last_position, location, name)
      values (${id}, 'main', 'run/a', 1, 3, 1, 3, 'x', ${`main/${id}.jsonl.gz`})`.execute(connection.kysely)
    await sql`update journal.archive_progress set position = 3`.execute(connection.kysely)
    expect((await archiveNow()).body.archived).toBe(1)
    expect(await payloadsInTable('run/a')).toBe(0)
    expect((await streamOf('run/a'))[1]?.data).toEqual({ message: 'secret of a' })
  })

  it('keeps the payloads when the store is away, and says so', async () => {
    await journal.append(run('run/a'))
    await folder[Symbol.asyncDispose]()
    await writeFile(folder.path, 'a file where the folder was')
    const { status, body } = await archiveNow()
    expect([status, body.code]).toEqual([503, 'unavailable'])
    expect(await payloadsInTable('run/a')).toBe(3)
  })

  it('does not rely on a store that gives back something else than it was given', async () => {
    const store = openObjectStore(folder.path)
    const forgetful = { ...store, get: async () => Buffer.from('something else') }
    await using other = await openJournalService(database.connect(), undefined, {
      archive: { store: forgetful },
    })
    await journal.append(run('run/a'))
    expect((await send(other, 'POST', '/v1/archives', { olderThanDays: 0 })).status).toBe(500)
    expect(await payloadsInTable('run/a')).toBe(3)
  })

  it('is refused where no place for it is configured', async () => {
    await using plain = await openJournalService(database.connect())
    const { body } = await send(plain, 'POST', '/v1/archives', { olderThanDays: 0 })
    expect(body.code).toBe('invalid-usage')
  })
})

describeWithServer('several journals on one database', () => {
  it('archive each run once, and all of them can be read', async () => {
    await using second = await open()
    const names = Array.from({ length: 12 }, (_, index) => `run/${index}`)
    await journal.append(names.flatMap((name) => run(name)))
    const rounds = await Promise.all(
      [journal, second, journal, second].map((at) => send(at, 'POST', '/v1/archives', { olderThanDays: 0 })),
    )
    expect(rounds.reduce((sum, { body }) => sum + body.archived, 0)).toBe(12)
    expect(await bundlesInFolder()).toHaveLength(12)
    for (const name of names) expect(verifyChain(await streamOf(name))).toBeUndefined()
  })
})

describe('an erasure of what is archived', () => {
  it('takes the payloads out of the bundle too, and records what the bundle is now', async () => {
    await journal.append(run('run/a'))
    await archiveNow()
    const before = await onlyBundle()
    expect(before.text).toContain('secret of a')
    const ids = [(await streamOf('run/a'))[1]?.id ?? '']
    const { body } = await send(journal, 'POST', '/v1/erasures', { ids, reason: 'x' })
    expect(body).toMatchObject({ events: 1, progress: { payloads: 'done' } })
    const after = await onlyBundle()
    expect(after.text).not.toContain('secret of a')
    expect((await verifyBundle(after.text.split('\n').slice(0, -1))).fault).toBeUndefined()
    const events = await streamOf('run/a')
    expect(events[1]).toMatchObject({ data: {}, erased: { erasureId: body.erasureId } })
    expect(events[2]?.data).toEqual({ output: { answer: 42 } })
    expect(verifyChain(events)).toBeUndefined()
    const { body: list } = await send(journal, 'GET', '/v1/archives')
    expect(list.archives[0].sha256).toBe(after.sha256)
    const records = await streamOf(`archive/${list.archives[0].id}`)
    expect(records.map((record) => archivedStreamOf(record)?.sha256)).toEqual([before.sha256, after.sha256])
  })

  it('takes the payload at once, and the bundle is open as long as nobody knows where it is', async () => {
    await journal.append([...run('run/a'), ...run('run/b')])
    await archiveNow()
    await journal[Symbol.asyncDispose]()
    const ids = [(await streamOf('run/a'))[1]?.id ?? '']
    {
      await using unaware = await openJournalService(database.connect())
      const first = await send(unaware, 'POST', '/v1/erasures', { ids, reason: 'x' })
      expect(first.body.progress).toMatchObject({ payloads: 'done', bundles: 'pending', blobs: 'done' })
      const again = await send(unaware, 'POST', '/v1/erasures', { ids, reason: 'x' })
      expect([again.body.events, again.body.progress.bundles]).toEqual([0, 'pending'])
    }
    journal = await open()
    await waitFor(
      async () => {
        const { body } = await send(journal, 'GET', '/v1/erasures')
        return body.erasures[0].progress.bundles === 'done'
      },
      { timeoutMs: 20_000, what: 'the journal that knows the archive' },
    )
    for (const path of await bundlesInFolder())
      expect(gunzipSync(await readFile(path)).toString()).not.toContain('secret of a')
  })

  it('removes a bundle that somebody began and did not finish', async () => {
    await journal.append(run('run/a'))
    const store = openObjectStore(folder.path)
    await store.put('main/orphan.jsonl.gz', Buffer.from('secret of a'))
    await sql`
      insert into journal.archives (id, tenant, stream, first_seq, last_seq, first_position, last_position, location, name)
      values (${nextId()}, 'main', 'run/a', 1, 3, 1, 3, 'x', 'main/orphan.jsonl.gz')`.execute(
      database.connect().kysely,
    )
    await send(journal, 'POST', '/v1/erasures', { stream: 'run/a', reason: 'x' })
    expect(await bundlesInFolder()).toEqual([])
  })

  // Without the comparison of the numbers, the erased payload would be in the bundle for ever.
  it('is noticed by an archiver that had read the payload before', async () => {
    await journal.append(run('run/a'))
    const connection = database.connect()
    await send(journal, 'PUT', '/v1/holds/run/b', { reason: 'not this one' })
    await archiveNow()
    const { rows } = await sql<{ position: number }>`
      select position from journal.events where type = 'STREAM_ARCHIVED'`.execute(connection.kysely)
    const again = await sql<{ done: boolean }>`
      select journal.archive_payloads(${rows[0]?.position ?? 0}::bigint, 3) as done`.execute(
      connection.kysely,
    )
    expect(again.rows[0]?.done).toBe(false)
  })
})
