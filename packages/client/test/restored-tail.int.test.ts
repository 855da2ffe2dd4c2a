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

const event = (position: number): string =>
  JSON.stringify({
    id: `01K0000000000000000000000${position}`,
    tenant: 'main',
    stream: 'run/a',
    seq: position,
    position,
    type: 'RUN_HALTED',
    v: 1,
    data: {},
    actor: { kind: 'agent', id: 'a' },
    occurredAt: '2026-11-21T09:00:00.000Z',
    recordedAt: '2026-11-21T09:00:00.000Z',
    checksum: '0'.repeat(64),
    prev: '0'.repeat(64),
    hash: '0'.repeat(64),
  })

const says =
  (...frames: string[]): Answer =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'daybook-era': '1' })
    response.end(`: open\n\n${frames.map((frame) => `${frame}\n\n`).join('')}`)
  }

describe('a live tail', () => {
  const eventFrame = (position: number) => `id: ${position}\nevent: RUN_HALTED\ndata: ${event(position)}`

  it('comes back when the server says that it closes', async () => {
    await using gateway = await openGateway(
      says(eventFrame(1), 'event: close\ndata: {}'),
      says(eventFrame(2)),
    )
    await using daybook = await connectDaybook({ url: gateway.url })
    const seen: number[] = []
    for await (const { position } of daybook.subscribe({ after: 0 })) {
      seen.push(position)
      if (position === 2) break
    }
    expect(seen).toEqual([1, 2])
  })

  it('tells a reader that it is behind, and goes on', async () => {
    const frame = 'event: behind\ndata: {"position":1,"head":9000}'
    await using gateway = await openGateway(says(eventFrame(1), frame, eventFrame(2)))
    await using daybook = await connectDaybook({ url: gateway.url })
    const told: unknown[] = []
    const seen: number[] = []
    const onBehind = (behind: unknown): void => void told.push(behind)
    for await (const { position } of daybook.subscribe({ after: 0, onBehind })) {
      seen.push(position)
      if (position === 2) break
    }
    expect({ seen, told }).toEqual({ seen: [1, 2], told: [{ position: 1, head: 9_000 }] })
  })
})
