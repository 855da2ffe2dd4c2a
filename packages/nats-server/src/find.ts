import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { access, readdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { DaybookError } from '@daybook/errors'

type Environment = Readonly<Record<string, string | undefined>>

/** Servers before this version have known holes. */
const VERSION_FLOOR = [2, 14, 3]

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}

/** Whether the text, such as `nats-server: v2.15.1`, names a version that may be used. */
function isNewEnough(text: string): boolean {
  const version = /v(\d+)\.(\d+)\.(\d+)/.exec(text)
  if (version === null) return false
  const parts = version.slice(1).map(Number)
  const difference = VERSION_FLOOR.map((floor, index) => (parts[index] ?? 0) - floor).find((by) => by !== 0)
  return difference === undefined || difference > 0
}

/** Where `infra/bootstrap.mjs` keeps what it brought; the newest first. */
async function listCached(env: Environment): Promise<string[]> {
  const cache = env['DAYBOOK_CACHE'] || join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'daybook')
  const names = await readdir(cache).catch(() => [])
  return names
    .filter((name) => name.startsWith('nats-server-'))
    .toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }))
    .map((name) => join(cache, name, 'nats-server'))
}

async function findFirst(
  paths: readonly string[],
  suits: (path: string) => Promise<boolean>,
): Promise<string | undefined> {
  for (const path of paths) {
    if ((await isExecutable(path)) && (await suits(path))) return path
  }
  return undefined
}

/**
 * Finds the server's binary: the one that `DAYBOOK_NATS_SERVER` names, the newest of Daybook's cache, or one on the
 * `PATH` that is not older than 2.14.3. Throws `unavailable` when there is none.
 */
export async function findNatsServer(env: Environment): Promise<string> {
  const onPath = (env['PATH'] ?? '')
    .split(delimiter)
    .flatMap((folder) => (folder === '' ? [] : [join(folder, 'nats-server')]))
  const found =
    env['DAYBOOK_NATS_SERVER'] ||
    (await findFirst(await listCached(env), async () => true)) ||
    (await findFirst(onPath, async (path) =>
      isNewEnough((await promisify(execFile)(path, ['--version'])).stdout),
    ))
  if (found !== undefined) return found
  throw new DaybookError(
    'unavailable',
    'There is no nats-server (2.14.3 or later) on this machine. Run "npm start" once in the clone, which brings one, or put one on the PATH.',
  )
}
