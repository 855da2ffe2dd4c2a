import { createServer } from 'node:net'
import { DaybookError } from '@daybook/errors'

/** How many ports after the wanted one are tried: more taken in a row means that something else is wrong. */
const TRIES_MAX = 20

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)))
  })
}

/** Finds the first free port from `wanted` on. Throws `port-in-use` when the next twenty are all taken. */
export async function findFreePort(wanted: number, host: string): Promise<number> {
  for (let port = wanted; port < wanted + TRIES_MAX; port += 1) {
    if (await isFree(port, host)) return port
  }
  throw new DaybookError(
    'port-in-use',
    `The ports ${wanted} to ${wanted + TRIES_MAX - 1} are all taken. Name another one with --port.`,
  )
}
