import { createServer } from 'node:net'

/** Below the range from which systems take the ports of outgoing connections (32768 up on Linux, 49152 up elsewhere). */
const PORT_MIN = 15_000
const PORT_MAX = 31_999

const ATTEMPTS_MAX = 50

/**
 * A TCP port on 127.0.0.1 that nothing listens on. It stays free for a server that is restarted on it: a port of the
 * system's own choice could meanwhile become some client's end of a connection, even one to that very server.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const port = PORT_MIN + Math.floor(Math.random() * (PORT_MAX - PORT_MIN + 1))
    if (await isFree(port)) return port
  }
  throw new Error(`found no free port from ${PORT_MIN} to ${PORT_MAX} in ${ATTEMPTS_MAX} attempts`)
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
