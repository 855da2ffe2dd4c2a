import type { Database } from '@daybook/database'
import { noArchive } from '@daybook/eventing'
import { type Erasure, withoutPayload } from '@daybook/events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createJournalFixture, type JournalFixture } from '../../../packages/eventing/test/journal-fixture.ts'
import { type RecentReads, recentEvents } from '../src/recent-events.ts'

const ERASURE_ID = '01K00000000000000000000001'

describe('the recent events', () => {
  let journal: JournalFixture
  let recent: RecentReads
  let pagesRead = 0
  const halted = (n: number, tenant = 'main') => ({
    stream: `run/${n}`,
    type: 'RUN_HALTED',
    data: { n },
    tenant,
  })
  const positions = async (tenant = 'main') =>
    (await recent.read(tenant)).events.map(({ position }) => position)

  beforeAll(async () => {
    journal = await createJournalFixture()
    const counted: Database<unknown> = {
      ...journal.database,
      asTenant: (tenant, work) => {
        pagesRead += 1
        return journal.database.asTenant(tenant, work)
      },
    }
    recent = recentEvents(counted, noArchive)
  })
  afterAll(() => journal[Symbol.asyncDispose]())

  it('are none in an empty journal', async () => {
    expect(await recent.read('main')).toMatchObject({ events: [], position: 0 })
  })

  it('are the last hundred of the tenant, oldest first', async () => {
    await journal.append(...Array.from({ length: 130 }, (_, n) => halted(n)), halted(1, 'other'))
    expect(await positions()).toEqual(Array.from({ length: 100 }, (_, n) => 31 + n))
    expect(await positions('other')).toEqual([131])
  })

  it('are read once, and from then on only what has come since', async () => {
    const before = pagesRead
    await positions()
    expect(pagesRead).toBe(before)
    await journal.append(halted(200))
    expect((await positions()).slice(-2)).toEqual([130, 132])
    expect(pagesRead).toBe(before + 1)
  })

  it('lose a payload when its erasure is told, before it goes from the table', async () => {
    const [event] = await journal.append({
      stream: 'run/secret',
      type: 'RUN_HALTED',
      data: { secret: 'canary' },
    })
    if (event === undefined) throw new Error('nothing was appended')
    expect(JSON.stringify(await recent.read('main'))).toContain('canary')
    const { id, stream, seq, position, checksum } = event
    const data: Omit<Erasure, 'erasureId'> = {
      reason: 'asked for',
      events: [{ id, stream, seq, position, checksum }],
    }
    await journal.append({ stream: `erasure/${ERASURE_ID}`, type: 'PAYLOADS_ERASED', data })
    const { events } = await recent.read('main')
    expect(events.find((one) => one.id === id)).toEqual(withoutPayload(event, ERASURE_ID))
    expect(JSON.stringify(events)).not.toContain('canary')
  })

  it('are those of the new era after a restore', async () => {
    await journal.setEra(2)
    const before = pagesRead
    await positions()
    expect(pagesRead).toBe(before + 1)
  })
})
