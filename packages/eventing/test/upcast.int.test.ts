import { connectBus } from '@daybook/bus'
import { createUpcast, type JournalEvent } from '@daybook/events'
import { startNats, waitFor } from '@daybook/testing'
import { expect, it } from 'vitest'
import { createJournalFixture } from './journal-fixture.ts'
import { createDiary, startDiary } from './toy-projection.ts'

/** As if RUN_HALTED had got a second version, with a list in place of one reason. */
const upcast = createUpcast([
  { type: 'RUN_HALTED', v: 1, upcast: ({ reason }) => ({ reasons: [reason ?? 'unknown'] }) },
])

it('a projection applies every event in its newest version, whether it came as a message or was read from the journal', async () => {
  await using nats = await startNats()
  await using bus = await connectBus({ servers: nats.url, name: 'test', wait: true })
  await bus.ensureTopology()
  await using journal = await createJournalFixture()
  await createDiary(journal.database)
  const halted = (reason: string) => ({ stream: 'run/a', type: 'RUN_HALTED', data: { reason } })
  const applied: JournalEvent[] = []
  await journal.append(halted('from the table'))
  await using projection = startDiary({
    database: journal.database,
    bus,
    upcast,
    apply: async (_trx, events) => void applied.push(...events),
  })
  await waitFor(() => applied.length === 1, { what: 'what was there before' })
  await journal.relay(
    bus,
    await journal.append(halted('a message'), { stream: 'run/a', type: 'RUN_CANCELLED' }),
  )
  await waitFor(() => applied.length === 3, { what: 'the messages' })
  expect(projection.failure).toBeUndefined()
  expect(applied.map(({ type, v, data }) => [type, v, data])).toEqual([
    ['RUN_HALTED', 2, { reasons: ['from the table'] }],
    ['RUN_HALTED', 2, { reasons: ['a message'] }],
    ['RUN_CANCELLED', 1, {}],
  ])
})
