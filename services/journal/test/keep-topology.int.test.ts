import { connectBus } from '@daybook/bus'
import { createLogger } from '@daybook/runtime'
import { startNats, waitFor } from '@daybook/testing'
import { expect, it } from 'vitest'
import { keepTopology } from '../src/keep-topology.ts'

const timeoutMs = 10_000
const silent = createLogger({ service: 'test', level: 'silent' })

it('makes a consumer of another service again that somebody deleted', async () => {
  await using nats = await startNats()
  await using bus = await connectBus({ servers: nats.url, name: 'journal', wait: true })
  await bus.ensureTopology()
  const consumer = { stream: 'DAYBOOK_EVENTS', durable: 'projection-runs' }
  await bus.request('$JS.API.CONSUMER.DELETE.DAYBOOK_EVENTS.projection-runs', '', { timeoutMs })
  expect(await bus.consumerState(consumer)).toBeUndefined()
  using _ = keepTopology(bus, silent, 20)
  await waitFor(async () => (await bus.consumerState(consumer)) !== undefined, {
    timeoutMs,
    what: 'the consumer',
  })
})
