import { foldSession, type JournalEvent, parseStream } from '@daybook/events'
import * as fc from 'fast-check'
import type { Transaction } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { useTables } from '../../../../packages/eventing/src/generation.ts'
import type { Entry, JournalFixture } from '../../../../packages/eventing/test/journal-fixture.ts'
import { whenSessionsChanged } from '../../src/sessions/handlers.ts'
import { findSession, listLinks, resetSessions } from '../../src/sessions/store.ts'
import { createMigratedJournal } from '../service-fixture.ts'
import { archived, linked, renamed, reset, started } from './session-entries.ts'

/** Few names and all types: most histories break the rules somewhere, and many keep them for a while. */
const entry: fc.Arbitrary<Entry> = fc
  .record({
    tenant: fc.constantFrom('main', 'other'),
    sessionId: fc.constantFrom('s1', 's2', 'deep/s~3'),
    runId: fc.constantFrom('r1', 'r2'),
    title: fc
      .string({ minLength: 1, maxLength: 5 })
      .map((text) => text.replaceAll('\u0000', '').toWellFormed()),
    by: fc.constantFrom('person', 'derived'),
    make: fc.nat({ max: 7 }),
  })
  .map(({ tenant, sessionId, runId, title, by, make }) => {
    const stream = `session/${sessionId}`
    const branched = { fromRunId: runId, parent: 's1', branch: 's2' }
    const entries: [Entry, ...Entry[]] = [
      started(sessionId),
      started(sessionId, { title, channel: 'web' }),
      renamed(sessionId, title, by),
      linked(sessionId, runId),
      reset(sessionId),
      archived(sessionId),
      { stream, type: 'SESSION_BRANCHED', data: branched },
      { stream, type: 'UNHEARD_OF' },
    ]
    return { ...(entries[make] ?? entries[0]), tenant }
  })

describe('the read model of sessions', () => {
  let journal: JournalFixture
  const inTables = <T>(work: (trx: Transaction<unknown>) => Promise<T>): Promise<T> =>
    journal.database.transaction(async (trx) => {
      await useTables(trx, 'projection_sessions_g1')
      return work(trx)
    })
  const apply = (events: readonly JournalEvent[]) => inTables((trx) => whenSessionsChanged(trx, events))

  beforeAll(async () => {
    journal = await createMigratedJournal()
  })
  afterAll(() => journal[Symbol.asyncDispose]())

  async function expectFold(events: readonly JournalEvent[]): Promise<void> {
    const streams = Map.groupBy(events, ({ tenant, stream }) => `${tenant} ${stream}`)
    for (const [first, ...rest] of streams.values()) {
      if (first === undefined) continue
      const key = { tenant: first.tenant, sessionId: parseStream(first.stream).id }
      const fold = foldSession([first, ...rest])
      expect(await inTables((trx) => findSession(trx, key))).toEqual(fold.session)
      expect(await inTables((trx) => listLinks(trx, key))).toEqual([...fold.links.values()])
    }
  }

  it('equals a fresh fold of any history, however it is cut into batches', async () => {
    const histories = fc.array(fc.array(entry, { minLength: 1, maxLength: 12 }), {
      minLength: 1,
      maxLength: 5,
    })
    await fc.assert(
      fc.asyncProperty(histories, async (batches) => {
        for (const batch of batches) await apply(await journal.append(...batch))
        await expectFold(await journal.readAll())
      }),
      { numRuns: 25 },
    )
    await inTables(resetSessions)
    await apply(await journal.readAll())
    await expectFold(await journal.readAll())
  })
})
