import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { connect } from 'node:net'
import { expect, it } from 'vitest'
import type { HttpPlugin } from '../src/index.ts'
import { serveHttp } from '../src/index.ts'
import { documented, parts, serve, until } from './fixture.ts'

/** A route that answers only when the test says so. */
function gated() {
  const entered = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  const plugin: HttpPlugin = async (app) => {
    app.get('/slow', { schema: documented('slow') }, async () => {
      entered.resolve()
      await gate.promise
      return { done: true }
    })
  }
  return { plugin, entered: entered.promise, open: () => gate.resolve() }
}

it('listens on a free port and says where', async () => {
  await using server = await serve(async () => undefined)
  expect(server.http.url).toBe(`http://127.0.0.1:${server.http.port}`)
  expect(await (await fetch(`${server.http.url}/healthz`)).json()).toEqual({ ok: true })
})

it('refuses a port that is taken with port-in-use', async () => {
  await using server = await serve(async () => undefined)
  const second = serveHttp({ ...parts(), plugins: [], host: '127.0.0.1', port: server.http.port })
  await expect(second).rejects.toMatchObject({ code: 'port-in-use' })
})

it('rejects `failed` when the server breaks', async () => {
  await using server = await serve(async () => undefined)
  server.http.app.server.emit('error', new Error('broken'))
  await expect(server.http.failed).rejects.toThrow('broken')
})

it('answers a running request before it closes, although the client keeps its connection', async () => {
  const { plugin, entered, open } = gated()
  const server = await serve(plugin)
  const agent = new Agent({ keepAlive: true })
  const answer = new Promise<{ status: number | undefined; connection: string | undefined }>(
    (resolve, reject) => {
      const request = get(`${server.http.url}/slow`, { agent }, (response) => {
        response.resume().on('end', () => {
          resolve({ status: response.statusCode, connection: response.headers.connection })
        })
      })
      request.on('error', reject)
    },
  )
  await entered
  const closed = server.http[Symbol.asyncDispose]()
  await until(() => !server.http.app.server.listening)
  await expect(fetch(`${server.http.url}/healthz`)).rejects.toThrow('fetch failed')
  open()
  expect(await answer).toEqual({ status: 200, connection: 'close' })
  await closed
  agent.destroy()
})

it('cuts off what does not finish within the grace', async () => {
  const { plugin, entered } = gated()
  const server = await serve(plugin, { closeGraceMs: 50 })
  const answer = fetch(`${server.http.url}/slow`)
  const failure = expect(answer).rejects.toThrow('fetch failed')
  await entered
  await server.http[Symbol.asyncDispose]()
  await failure
  expect(server.lines.join('')).toContain('cut off')
})

it('closes at once when idle connections are kept open', async () => {
  const server = await serve(async () => undefined)
  const agent = new Agent({ keepAlive: true })
  const [response] = await once(get(`${server.http.url}/healthz`, { agent }), 'response')
  await once(response.resume(), 'end')
  await server.http[Symbol.asyncDispose]()
  agent.destroy()
})

it('answers what is not HTTP with a problem', async () => {
  await using server = await serve(async () => undefined)
  const socket = connect(server.http.port, '127.0.0.1')
  socket.end('this is not HTTP\r\n\r\n')
  let text = ''
  for await (const chunk of socket.setEncoding('utf8')) text += String(chunk)
  expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\nContent-Type: application\/problem\+json\r\n/)
  expect(JSON.parse(text.slice(text.indexOf('{')))).toMatchObject({ code: 'invalid-request', status: 400 })
})
