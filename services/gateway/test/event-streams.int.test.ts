import { once } from 'node:events'
import { get } from 'node:http'
import { type HttpPlugin, type SseFrame, sendEvents } from '@daybook/runtime'
import { expect, it } from 'vitest'
import { asAdmin, documented, startGateway, startService, until } from './fixture.ts'

function streaming(source: (signal: AbortSignal) => AsyncIterable<SseFrame[]>): HttpPlugin {
  return async (app) => {
    app.get('/v1/events', { schema: documented('events') }, (_request, reply) => sendEvents(reply, source))
  }
}

/** One event at once, a second one when the test says so. */
function gated() {
  const state = { ended: false, next: Promise.withResolvers<void>() }
  async function* source(signal: AbortSignal): AsyncGenerator<SseFrame[]> {
    yield [{ id: '1', data: 'first' }]
    await Promise.race([state.next.promise, once(signal, 'abort')])
    if (!signal.aborted) {
      yield [{ id: '2', data: 'second' }]
      await once(signal, 'abort')
    }
    state.ended = true
  }
  return { state, source }
}

async function follow(url: string) {
  const request = get(`${url}/v1/events`, { headers: asAdmin })
  const [response] = await once(request, 'response')
  const stream = { text: '', ended: false, leave: () => void request.destroy() }
  response.on('data', (chunk: Buffer) => {
    stream.text += String(chunk)
  })
  response.on('end', () => {
    stream.ended = true
  })
  response.on('error', () => undefined)
  return stream
}

it('passes each event when it happens, and ends at its service when the client goes', async () => {
  const { state, source } = gated()
  await using service = await startService('projection', streaming(source))
  await using gateway = await startGateway({ projection: service.url })
  const stream = await follow(gateway.url)
  await until(() => stream.text.includes('data: first'))
  expect(stream.text).not.toContain('second')
  state.next.resolve()
  await until(() => stream.text.includes('data: second'))
  stream.leave()
  await until(() => state.ended)
})

it('ends when the gateway closes', async () => {
  const { state, source } = gated()
  await using service = await startService('projection', streaming(source))
  const gateway = await startGateway({ projection: service.url })
  const stream = await follow(gateway.url)
  await until(() => stream.text.includes('data: first'))
  await gateway[Symbol.asyncDispose]()
  await until(() => stream.ended && state.ended)
})

it('passes on that its service closes', async () => {
  const { source } = gated()
  const service = await startService('projection', streaming(source))
  await using gateway = await startGateway({ projection: service.url })
  const stream = await follow(gateway.url)
  await until(() => stream.text.includes('data: first'))
  await service[Symbol.asyncDispose]()
  await until(() => stream.ended)
  expect(stream.text).toContain('event: close')
})

it('slows its service down to what a slow client takes', async () => {
  let taken = 0
  async function* endless(): AsyncGenerator<SseFrame[]> {
    for (;;) {
      taken += 1
      yield [{ data: 'x'.repeat(64 * 1024) }]
    }
  }
  await using service = await startService('projection', streaming(endless))
  await using gateway = await startGateway({ projection: service.url })
  const request = get(`${gateway.url}/v1/events`, { headers: asAdmin })
  const [response] = await once(request, 'response')
  response.pause()
  let [seen, polls] = [0, 0]
  await until(() => {
    polls = taken === seen ? polls + 1 : 0
    seen = taken
    return polls > 20 && seen > 1
  })
  expect(taken).toBeLessThan(1_000)
  response.on('error', () => undefined)
  request.destroy()
})
