import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

/** A request as it came, whole. */
export interface Heard {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

/** What to answer; a location makes it a redirect. */
export interface Reply {
  readonly status: number
  readonly location?: string
}

/** An HTTP server on this machine that keeps what it hears. */
export async function listen(
  reply: (heard: Heard) => Reply,
): Promise<AsyncDisposable & { url: string; heard: Heard[] }> {
  const heard: Heard[] = []
  const hear = async (request: IncomingMessage): Promise<Reply> => {
    const one = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body: Buffer.concat(await Array.fromAsync(request)),
    }
    heard.push(one)
    return reply(one)
  }
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { status, location } = await hear(request)
    response.writeHead(status, location === undefined ? {} : { location }).end()
  }
  const server = createServer((request, response) => void answer(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('it listens, and not on a port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    heard,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
