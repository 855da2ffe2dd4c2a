import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { connectDaybook } from '../src/index.ts'

type Answer = (response: ServerResponse) => void

/** A gateway whose live tail answers once in each of these ways. */
async function openGateway(...answers: Answer[]) {
  const server = createServer((_request, response) => {
    const answer = answers.shift()
    if (answer === undefined) response.writeHead(503).end()
    else answer(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP server has an address and a port
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Says of which era it is, and closes without an event. */
const closesIn =
  (era: string): Answer =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'daybook-era': era })
    response.end(': open\n\n')
  }

const fails: Answer = (response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'daybook-era': '1' })
  const problem = {
    type: 'about:blank',
    title: 'Restored',
    code: 'journal-restored',
    detail: 'Read again.',
    retry: 'never',
  }
  response.end(`: open\n\nevent: error\ndata: ${JSON.stringify(problem)}\n\n`)
}

describe('a live tail that comes back to a journal that was restored', () => {
  it.each([
    ['is told by the era of the answer', [closesIn('1'), closesIn('1'), closesIn('2')]],
    ['is told by the last word of the server', [closesIn('1'), fails]],
  ])('ends with an error: it %s', async (_how, answers) => {
    await using gateway = await openGateway(...answers)
    await using daybook = await connectDaybook({ url: gateway.url })
    const reading = Array.fromAsync(daybook.subscribe({ after: 5 }))
    await expect(reading).rejects.toMatchObject({ code: 'journal-restored' })
  })
})
