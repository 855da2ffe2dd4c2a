import { gzipSync } from 'node:zlib'
import { archiveStoreOf, bundleName, payloadArchive } from '@daybook/eventing'
import { archivedMark, bundleLines, foldRun, type JournalEvent, runDocument } from '@daybook/events'
import { createTempFolder } from '@daybook/testing'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { created, requested, resolved } from '../run-entries.ts'
import { openService, type ServiceFixture } from '../service-fixture.ts'
import { ask } from './ask.ts'

const ARCHIVE_ID = '01K0000000000000000ARCH1VE'

/** What the journal does with the events of a run that ended. */
async function archive({ journal }: ServiceFixture, folder: string, events: readonly JournalEvent[]) {
  const heading = { tenant: 'main', streams: ['run/r1'], era: 1, createdAt: '2026-11-21T09:00:00.000Z' }
  const entries = events.map((event) => ({ event }))
  const lines = await Array.fromAsync(bundleLines(heading, entries))
  const text = lines.map((line) => `${line}\n`).join('')
  await archiveStoreOf({ ARCHIVE_TO: folder })?.put(bundleName('main', ARCHIVE_ID), gzipSync(text))
  await journal.database.kysely.transaction().execute(async (trx) => {
    await sql`select set_config('daybook.erasure', 'x', true)`.execute(trx)
    await sql`update journal.events set data = null, erasure_id = ${archivedMark(ARCHIVE_ID)}
      where position = any(${events.map(({ position }) => position)}::bigint[])`.execute(trx)
  })
}

it('a run that is archived has its past, payloads and all, with segments and without', async () => {
  await using folder = await createTempFolder()
  const store = archiveStoreOf({ ARCHIVE_TO: folder.path })
  if (store === undefined) throw new Error('no store')
  await using fixture = await openService({ archive: payloadArchive(store) })
  const steps = Array.from({ length: 600 }, (_, n) => [
    requested('r1', `e${n}`, { inputs: n }),
    resolved('r1', `e${n}`, n),
  ])
  const events = await fixture.journal.append(created('r1'), ...steps.flat())
  await archive(fixture, folder.path, events)
  for (const at of [100, 1_100, 1_101]) {
    const { body } = await ask(fixture, `/v1/runs/r1/state?at=${at}&effects=all&limit=1024`)
    const { run, effects } = runDocument(foldRun(events.slice(0, at)))
    expect({ run: body.run, effects: body.effects }).toEqual({ run, effects })
  }
  const { rows } = await sql`select from projection.state_segments`.execute(fixture.journal.database.kysely)
  expect(rows).toHaveLength(4)
})
