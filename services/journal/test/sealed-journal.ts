import {
  checksumOf,
  FIRST_PREV,
  generateSignerKey,
  hashOf,
  type JournalEvent,
  type KnownCheckpoint,
  type Receipt,
  readCheckpoint,
} from '@daybook/events'
import { sql } from 'kysely'
import { sealNext } from '../src/seal/seal.ts'
import { type VerifyJournalOptions, verifyJournal } from '../src/verify/journal.ts'
import { alter } from './forger.ts'
import { createJournalDatabase, log, openJournalService, readAll } from './service-fixture.ts'

export const ORIGIN = 'test.example/journal'
export const { key } = generateSignerKey(ORIGIN)

/** 600 events in three streams, of which 590 are sealed. Positions 1, 4, 7 … are run/0. */
export async function sealedJournal() {
  await using stack = new AsyncDisposableStack()
  const test = stack.use(await createJournalDatabase())
  const database = test.connect()
  const receipts: Receipt[] = []
  {
    await using journal = await openJournalService(database)
    const add = async (count: number): Promise<void> => {
      const events = Array.from({ length: count }, (_, nth) => log(`run/${nth % 3}`, `é ${nth}`))
      receipts.push(...(await journal.append(events)).receipts)
    }
    await add(300)
    await seal()
    await add(290)
    await seal()
    await add(10)
  }
  async function seal(signer = key) {
    const { checkpoint } = await sealNext(database, { signer, origin: ORIGIN })
    return checkpoint
  }
  const opened = stack.move()
  const verify = async (options: Partial<VerifyJournalOptions> = {}) =>
    verifyJournal(database, { keys: [key.verifier], known: [], ...options })
  return { test, database, receipts, seal, verify, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

type Sealed = Awaited<ReturnType<typeof sealedJournal>>

export async function faultOf(setup: Sealed, options: Partial<VerifyJournalOptions> = {}) {
  const { fault } = await setup.verify(options)
  return fault && [fault.code, fault.position].filter((part) => part !== undefined).join(' ')
}

/** The newest checkpoint, as somebody keeps it who does not trust the database. */
export async function keptOutside({ database }: Sealed): Promise<KnownCheckpoint[]> {
  const { rows } = await sql<{ note: string }>`
    select note from journal.checkpoints order by tree_size desc limit 1`.execute(database.kysely)
  const kept = readCheckpoint(rows[0]?.note ?? '')
  return kept === undefined ? [] : [kept]
}

/** Writes a stream anew from `seq` on with other payloads, and with checksums and hashes that fit together. */
export async function rewrite(setup: Sealed, stream: string, seq: number): Promise<void> {
  const events = (await readAll(setup.database)).filter((event) => event.stream === stream)
  let prev = events[seq - 2]?.hash ?? FIRST_PREV
  const statements: string[] = []
  let last: JournalEvent | undefined
  for (const event of events.slice(seq - 1)) {
    const data = '{"message":"forged"}'
    const forged = { ...event, prev, checksum: checksumOf(data) }
    const hash = hashOf(forged)
    statements.push(
      `update journal.events set data = '${data}', checksum = '\\x${forged.checksum}', prev = '\\x${prev}',
       hash = '\\x${hash}' where position = ${event.position}`,
    )
    prev = hash
    last = event
  }
  statements.push(`update journal.streams set hash = '\\x${prev}' where stream = '${last?.stream}'`)
  await alter(setup.database, ...statements)
}

/** What who owns the server, but not the seal key, can do to hide it: the whole tree is made anew. */
export async function forgetSeals({ database }: Sealed): Promise<void> {
  await alter(database, 'delete from journal.checkpoints', 'delete from journal.tree_tiles')
}

export const data = (text: string) => `'{"message":"${text}"}'`
