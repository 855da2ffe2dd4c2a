import { connectBus } from '@daybook/bus'
import { startNats, waitFor } from '@daybook/testing'
import { expect, it } from 'vitest'
import { createJournalFixture } from './journal-fixture.ts'
import { createDiary, readDiary, startDiary } from './toy-projection.ts'

it('a projection misses nothing when somebody else ends messages of its consumer', async () => {
  await using journal = await createJournalFixture()
  await createDiary(journal.database)
  await using nats = await startNats()
  await using bus = await connectBus({ servers: nats.url, name: 'test', wait: true })
  await bus.ensureTopology()
  const events = await journal.append(
    ...Array.from({ length: 20 }, () => ({ stream: 'run/a', type: 'RUN_HALTED' })),
  )
  {
    const ended: number[] = []
    await using stranger = bus.consume(
      { stream: 'DAYBOOK_EVENTS', durable: 'projection-runs' },
      async (batch) => {
        for (const delivery of batch) delivery.term('not for you')
        ended.push(...batch.map(() => 1))
      },
    )
    await journal.relay(bus, events.slice(0, 15))
    await waitFor(() => ended.length === 15, { what: 'the messages to be ended' })
    void stranger
  }
  await using projection = startDiary({ database: journal.database, bus })
  await journal.relay(bus, events.slice(15))
  await waitFor(async () => (await readDiary(journal.database)).length >= 20, { what: 'twenty lines' })
  expect(await readDiary(journal.database)).toEqual(events.map(({ position }) => position))
  expect(projection.failure).toBeUndefined()
})
