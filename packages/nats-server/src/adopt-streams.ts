import { rename, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** NATS' own name for the account of a server that knows none. */
const NO_ACCOUNT = '$G'

/**
 * Hands the streams of a server that let in anybody to the account that has them from now on: messages that still wait
 * in a queue are nowhere else. To be called while the server is down; does nothing when the account has a store already.
 */
export async function adoptStreams(storeDir: string, account: string): Promise<void> {
  const [from, to] = [NO_ACCOUNT, account].map((name) => join(storeDir, 'jetstream', name))
  if (from === undefined || to === undefined || (await isThere(to)) || !(await isThere(from))) return
  await rename(from, to)
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
