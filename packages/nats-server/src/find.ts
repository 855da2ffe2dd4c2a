import { constants } from 'node:fs'
import { access, readdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { DaybookError } from '@daybook/errors'

type Environment = Readonly<Record<string, string | undefined>>

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}

/** Where `infra/bootstrap.mjs` keeps what it brought. */
function cacheDirectory(env: Environment): string {
  return env.DAYBOOK_CACHE || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'daybook')
}

async function listCached(env: Environment): Promise<string[]> {
  const cache = cacheDirectory(env)
  const names = await readdir(cache).catch(() => [])
  // The newest first; version numbers are compared as numbers.
  const versions = names
    .filter((name) => name.startsWith('nats-server-'))
    .toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }))
  return versions.map((name) => join(cache, name, 'nats-server'))
}

/**
 * Finds the server's binary: `DAYBOOK_NATS_SERVER`, then Daybook's cache, then the `PATH`.
 * Throws `unavailable` when there is none.
 */
export async function findNatsServer(env: Environment): Promise<string> {
  const named = env.DAYBOOK_NATS_SERVER ? [env.DAYBOOK_NATS_SERVER] : []
  const onPath = (env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, 'nats-server'))
  for (const candidate of [...named, ...(await listCached(env)), ...onPath]) {
    if (await isExecutable(candidate)) return candidate
  }
  throw new DaybookError(
    'unavailable',
    'There is no nats-server on this machine. Run "npm start" once in the clone, which brings one, or put one on the PATH.',
  )
}
