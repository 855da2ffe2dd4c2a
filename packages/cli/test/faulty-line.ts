import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A TCP line to a server that loses what a test wants lost. */
export interface FaultyLine extends AsyncDisposable {
  readonly url: string
  /** Ends every connection that is open now. */
  cut(): void
  /** The next answers are lost: the request arrives, and the connection ends when the server begins to answer. */
  loseAnswers(count: number): void
  /** How many answers were lost so far. */
  readonly lost: number
}

export async function openFaultyLine(target: string): Promise<FaultyLine> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  let toLose = 0
  let lost = 0
  const server = createServer((near) => {
    const far = connect(Number(port), hostname)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.on('error', () => to.destroy())
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
    }
    near.on('data', (bytes) => far.write(bytes))
    far.on('data', (bytes) => {
      if (toLose === 0) return near.write(bytes)
      toLose -= 1
      lost += 1
      return near.destroy()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no TCP port')
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: `http://127.0.0.1:${address.port}`,
    cut,
    loseAnswers: (count) => {
      toLose = count
    },
    get lost() {
      return lost
    },
    async [Symbol.asyncDispose]() {
      server.close()
      cut()
      await once(server, 'close')
    },
  }
}
