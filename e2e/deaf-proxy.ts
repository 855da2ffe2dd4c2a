import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A line to a server that can be made to lose every answer while questions still arrive. */
export interface DeafProxy extends AsyncDisposable {
  readonly port: number
  /** From now on answers are dropped, on every connection there is. */
  goDeaf(): void
  /** Cuts all connections; new ones are sound. */
  cut(): void
}

export async function startDeafProxy(target: { host: string; port: number }): Promise<DeafProxy> {
  const sockets = new Set<Socket>()
  let isDeaf = false
  const server = createServer((near) => {
    const far = connect(target)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        near.destroy()
        far.destroy()
      })
    }
    near.pipe(far)
    far.on('data', (chunk) => {
      if (!isDeaf) near.write(chunk)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  const cut = () => {
    isDeaf = false
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: address.port,
    goDeaf: () => {
      isDeaf = true
    },
    cut,
    async [Symbol.asyncDispose]() {
      server.close()
      cut()
    },
  }
}
