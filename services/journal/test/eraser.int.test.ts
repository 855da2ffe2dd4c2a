import { connectBus } from '@daybook/bus'
import { journalReader } from '@daybook/eventing'
import { createLogger } from '@daybook/runtime'
import { describe, expect, it } from 'vitest'
import { createBatcher } from '../src/batcher.ts'
import { createErase } from '../src/erasure/erase.ts'
import { startEraser } from '../src/erasure/eraser.ts'
import { createHolds } from '../src/erasure/holds.ts'
import { createAppender } from '../src/store/append.ts'
import { findBlob, keepBlob } from '../src/store/blobs.ts'
import { createJournalDatabase, nextId, openJournalService } from './service-fixture.ts'

describe('a round of the eraser', () => {
  // Without rule 3: the blob counts as referred to, its step is done for good, and it stays for ever.
  it('leaves a record that comes while it is under way to the next round, with all its places', async () => {
    await using stack = new AsyncDisposableStack()
    const test = stack.use(await createJournalDatabase())
    const database = test.connect()
    const blob = await keepBlob(database, 'main', {
      mediaType: 'text/plain',
      content: Buffer.from('a secret'),
    })
    {
      // Only to fill the journal: nothing is erased by it.
      await using journal = await openJournalService(database)
      const $blob = { $blob: blob.sha256, bytes: blob.bytes, mediaType: blob.mediaType }
      const completed = (stream: string, output: object) => ({
        id: nextId(),
        stream,
        type: 'RUN_COMPLETED',
        v: 1,
        data: { output: JSON.parse(JSON.stringify(output)) },
      })
      await journal.append([completed('run/first', { word: 'x' }), completed('run/second', { file: $blob })])
    }
    const batcher = stack.use(createBatcher({ commit: createAppender(database) }))
    const reader = journalReader(database.kysely)
    const erase = createErase({ database, batcher, holds: createHolds(reader, batcher) })
    const statement = { reason: 'x', actor: { kind: 'user' as const, id: 'me' } }
    await erase('main', { stream: 'run/first' }, statement)
    const [reached, opened] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const bus = stack.use(await connectBus({ servers: 'nats://127.0.0.1:1', name: 'test' }))
    const eraser = stack.use(
      startEraser({
        database,
        reader,
        bus,
        logger: createLogger({ service: 'test', level: 'silent' }),
        forgetHeld: () => {},
        rewriteBundles: async () => {
          reached.resolve()
          await opened.promise
          return true
        },
      }),
    )
    await reached.promise
    await erase('main', { stream: 'run/second' }, statement)
    opened.resolve()
    await eraser.carryOut()
    expect(await findBlob(database, 'main', blob.sha256)).toBeUndefined()
  })
})
