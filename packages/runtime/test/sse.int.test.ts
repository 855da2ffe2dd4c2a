import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { expect, it } from 'vitest'
import { openStreamsOf } from '../src/http/open-streams.ts'
import { type HttpPlugin, type SseFrame, type SseOptions, sendEvents } from '../src/index.ts'
import { documented, serve, until } from './fixture.ts'

function streaming(
  source: (signal: AbortSignal) => AsyncIterable<SseFrame[]>,
  options?: SseOptions,
): HttpPlugin {
  return async (app) => {
    app.get('/events', { schema: documented('events') }, (_request, reply) =>
      sendEvents(reply, source, options),
    )
  }
}

/** Frames as fast as they are taken; counts them and notes its end. */
function endless(bytes: number) {
  const state = { taken: 0, ended: false }
  async function* source(): AsyncGenerator<SseFrame[]> {
    try {
      for (;;) {
        state.taken += 1
        yield [{ id: String(state.taken), data: 'x'.repeat(bytes) }]
      }
    } finally {
      state.ended = true
    }
  }
  return { state, source }
}

/** Waits for the signal and never has an event. */
function silent() {
  const state = { ended: false }
  async function* source(signal: AbortSignal): AsyncGenerator<SseFrame[]> {
    await once(signal, 'abort')
    state.ended = true
    yield* []
  }
  return { state, source }
}

async function* framesOf(...frames: SseFrame[]): AsyncGenerator<SseFrame[]> {
  yield frames
}

async function* broken(): AsyncGenerator<SseFrame[]> {
  yield* []
  throw new Error('canary')
}

async function open(url: string): Promise<IncomingMessage> {
  const [response] = await once(get(`${url}/events`), 'response')
  return response
}

async function textOf(url: string): Promise<string> {
  return (await fetch(`${url}/events`)).text()
}

it('sends id, event and data, one line of data each', async () => {
  const frames = [{ id: '7', event: 'RUN_CREATED', data: '{"a":1}' }, { data: 'two\nlines' }]
  await using server = await serve(streaming(() => framesOf(...frames)))
  const response = await fetch(`${server.http.url}/events`)
  expect(response.headers.get('content-type')).toMatch('text/event-stream')
  expect(await response.text()).toBe(
    ': open\n\nid: 7\nevent: RUN_CREATED\ndata: {"a":1}\n\ndata: two\ndata: lines\n\n',
  )
})

it('sends headers at once and heartbeats while nothing happens', async () => {
  const { source } = silent()
  await using server = await serve(streaming(source, { heartbeatMs: 10 }))
  const response = await open(server.http.url)
  let text = ''
  response.on('data', (chunk) => {
    text += String(chunk)
  })
  await until(() => text.split(': still here\n\n').length > 3)
  response.destroy()
})

it('slows its source down to what a slow reader takes', async () => {
  const { state, source } = endless(64 * 1024)
  await using server = await serve(streaming(source))
  const response = await open(server.http.url)
  response.pause()
  // The sockets' own buffers fill first; then nothing more may be taken.
  let [seen, polls] = [0, 0]
  await until(() => {
    polls = state.taken === seen ? polls + 1 : 0
    seen = state.taken
    return polls > 20 && seen > 1
  })
  const stalledAt = state.taken
  expect(stalledAt).toBeLessThan(500)
  let received = 0
  response.on('data', (chunk: Buffer) => {
    received += chunk.byteLength
  })
  response.resume()
  await until(() => received > stalledAt * 64 * 1024)
  response.destroy()
  await until(() => state.ended)
})

it('ends its source when the client goes, also while it waits for its next event', async () => {
  const { state, source } = silent()
  await using server = await serve(streaming(source))
  const response = await open(server.http.url)
  expect(openStreamsOf(server.http.app).size).toBe(1)
  response.destroy()
  await until(() => state.ended && openStreamsOf(server.http.app).size === 0)
})

it('cuts off a reader that takes nothing at all', async () => {
  const { state, source } = endless(64 * 1024)
  await using server = await serve(streaming(source), { stallTimeoutMs: 200 })
  const socket = connect(server.http.port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write('GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await until(() => state.ended)
  socket.destroy()
})

it('tells clients of its closing and ends their streams', async () => {
  const { state, source } = silent()
  const server = await serve(streaming(source))
  const text = textOf(server.http.url)
  await until(() => openStreamsOf(server.http.app).size === 1)
  await server.http[Symbol.asyncDispose]()
  expect(await text).toBe(': open\n\nevent: close\ndata: {}\n\n')
  await until(() => state.ended)
})

it('tells clients of an error of the source without its text', async () => {
  await using server = await serve(streaming(broken))
  const text = await textOf(server.http.url)
  expect(text).toContain('event: error\ndata: {"type":"urn:daybook:error:internal"')
  expect(text).not.toContain('canary')
  expect(server.lines.join('')).toContain('event stream failed')
})

it('is left out of the durations but counted', async () => {
  await using server = await serve(streaming(() => framesOf({ data: '1' })))
  await textOf(server.http.url)
  const metrics = await (await fetch(`${server.http.url}/metrics`)).text()
  expect(metrics).toContain('daybook_http_requests_total{method="GET",route="/events"')
  expect(metrics).not.toContain('daybook_http_request_duration_seconds_count{method="GET",route="/events"')
})
