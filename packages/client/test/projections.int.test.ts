import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { connectDaybook } from '../src/index.ts'

/** Answers each request with the next of these. */
async function answering(...answers: object[]) {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answers.shift()))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP server has an address and a port
  const { port } = server.address() as AddressInfo
  const daybook = await connectDaybook({ url: `http://127.0.0.1:${port}`, token: 'dbk_a_b' })
  return {
    daybook,
    async [Symbol.asyncDispose]() {
      await daybook[Symbol.asyncDispose]()
      server.closeAllConnections()
      server.close()
    },
  }
}

it('lists the read models, and the services that gave no answer', async () => {
  const projection = { name: 'runs', generations: [] }
  await using one = await answering({ projections: [projection] })
  expect(await one.daybook.projections.list()).toEqual({ projections: [projection], missing: [] })
  await using other = await answering({ projections: [projection], missing: ['inbound'] })
  expect(await other.daybook.projections.list()).toMatchObject({ missing: ['inbound'] })
})

it('sums up what was compared, whatever a read model counts, and tells where there is a difference', async () => {
  const difference = { messageId: 'm1', path: '/state', expected: 'dead', stored: 'pending' }
  await using server = await answering(
    { messages: 2, events: 10, ok: true, difference: null, next: 'c1' },
    { messages: 1, events: 5, ok: false, difference, next: null },
  )
  const parts = await Array.fromAsync(server.daybook.projections.verify('inbound'))
  expect(parts).toEqual([
    { counts: { messages: 2, events: 10 }, ok: true, difference: null },
    {
      counts: { messages: 3, events: 15 },
      ok: false,
      difference: { where: { messageId: 'm1' }, path: '/state', expected: 'dead', stored: 'pending' },
    },
  ])
})
