import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'

/** What bots did, as seen from outside. */
export interface FakePlatform extends AsyncDisposable {
  readonly url: string
  /** By the message's key: how often its work was done. */
  readonly worked: ReadonlyMap<string, number>
  /** By the reply's idempotency key: how often it arrived. */
  readonly sent: ReadonlyMap<string, number>
}

/** A platform to which bots tell what they do: POST /work and /send. */
export async function startPlatform(): Promise<FakePlatform> {
  const worked = new Map<string, number>()
  const sent = new Map<string, number>()
  const server = createServer((request, response) => {
    const keep = async (): Promise<void> => {
      const { key = '', idempotencyKey = '' }: { key?: string; idempotencyKey?: string } = JSON.parse(
        await text(request),
      )
      if (request.url === '/work') worked.set(key, (worked.get(key) ?? 0) + 1)
      else sent.set(idempotencyKey, (sent.get(idempotencyKey) ?? 0) + 1)
      response.end()
    }
    // Who is killed while it tells has told nothing.
    keep().catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the platform listens on no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    worked,
    sent,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
