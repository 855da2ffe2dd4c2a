import type { Database } from '@daybook/database'
import { eventLeaf, generateSignerKey, type JournalEvent, rootOf } from '@daybook/events'
import { type Sealed, sealNext } from '../src/seal/seal.ts'
import type { JournalTables } from '../src/store/tables.ts'
import { createJournalDatabase, log, openJournalService } from './service-fixture.ts'

export const ORIGIN = 'test.example/journal'
export const { key } = generateSignerKey(ORIGIN)
export const seal = (database: Database<JournalTables>): Promise<Sealed> =>
  sealNext(database, { signer: key, origin: ORIGIN })

/** A journal with so many events in three streams. */
export async function journalOf(events: number) {
  await using stack = new AsyncDisposableStack()
  const test = stack.use(await createJournalDatabase())
  const database = test.connect()
  const journal = stack.use(await openJournalService(database))
  const add = async (count: number): Promise<void> => {
    for (let left = count; left > 0; left -= 500)
      await journal.append(
        Array.from({ length: Math.min(left, 500) }, (_, nth) => log(`run/${nth % 3}`, String(nth))),
      )
  }
  await add(events)
  const opened = stack.move()
  return { test, database, journal, add, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

export function rootOver(events: readonly JournalEvent[], size: number): string {
  return rootOf(events.slice(0, size).map((event) => eventLeaf(event))).toString('hex')
}
