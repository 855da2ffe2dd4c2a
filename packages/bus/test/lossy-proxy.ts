import { connect, createServer, type Socket } from 'node:net'

/** Stands between a client and a server and loses what a test wants to be lost. */
export interface LossyProxy extends AsyncDisposable {
  readonly url: string
  /** Whether a chunk that the client sends is lost on its way. */
  loseRequest: (chunk: string) => boolean
  /** Whether a chunk that the server sends is lost on its way. */
  loseReply: (chunk: string) => boolean
  /** Cuts all connections. */
  cut(): void
}

export async function startLossyProxy(port: number): Promise<LossyProxy> {
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1')
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.on('data', (chunk) => proxy.loseRequest(chunk.toString('latin1')) || upstream.write(chunk))
    upstream.on('data', (chunk) => proxy.loseReply(chunk.toString('latin1')) || client.write(chunk))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  const proxy: LossyProxy = {
    url: `nats://127.0.0.1:${address.port}`,
    loseRequest: () => false,
    loseReply: () => false,
    cut: () => sockets.forEach((socket) => socket.destroy()),
    async [Symbol.asyncDispose]() {
      proxy.cut()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return proxy
}
