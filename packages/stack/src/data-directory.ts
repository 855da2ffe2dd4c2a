import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DaybookError } from '@daybook/errors'

/** The folder in which an embedded stack keeps everything. One process at a time uses it. */
export interface DataDirectory extends AsyncDisposable {
  readonly path: string
  readonly postgres: string
  readonly nats: string
  /** Bundles of runs that were archived. */
  readonly archive: string
  /** Where the seal key is. */
  readonly seal: string
  /** Where limits and webhooks of sources of inbound messages may be. */
  readonly sourcesFile: string
  /** The file of the token that opens everything here; made at the first start, and only its owner can read it. */
  readonly tokenFile: string
  /** What stands in it. */
  readonly token: string
  /** Tells the `daybook` command, run from the same place, where the stack listens. */
  announce(endpoint: Endpoint): Promise<void>
}

interface Endpoint {
  http: string
  nats: string
  pid: number
}

const LOCK = 'lock'
const ENDPOINT = 'endpoint.json'
const TOKEN = 'token'

/** Opens or makes the folder; `fresh` empties it first. Throws `unavailable` when another process has it open. */
export async function openDataDirectory(path: string, { fresh }: { fresh: boolean }): Promise<DataDirectory> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  await takeLock(path)
  if (fresh)
    await Promise.all(
      ['postgres', 'nats', 'archive', 'seal'].map((name) =>
        rm(join(path, name), { recursive: true, force: true }),
      ),
    )
  const endpoint = join(path, ENDPOINT)
  const tokenFile = join(path, TOKEN)
  return {
    path,
    postgres: join(path, 'postgres'),
    nats: join(path, 'nats'),
    archive: join(path, 'archive'),
    seal: join(path, 'seal'),
    sourcesFile: join(path, 'sources.json'),
    tokenFile,
    token: await readOrMakeToken(tokenFile),
    announce: (value) => writeFile(endpoint, `${JSON.stringify(value, null, 2)}\n`),
    async [Symbol.asyncDispose]() {
      await rm(endpoint, { force: true })
      await rm(join(path, LOCK), { force: true })
    },
  }
}

/** Empty after a crash in its making: then it is made again. */
async function readOrMakeToken(file: string): Promise<string> {
  const kept = (await readFile(file, 'utf8').catch(() => '')).trim()
  if (kept !== '') return kept
  const token = `dbk_admin_${randomBytes(32).toString('hex')}`
  await writeFile(file, `${token}\n`, { mode: 0o600 })
  return token
}

async function takeLock(path: string): Promise<void> {
  const lock = join(path, LOCK)
  try {
    await writeFile(lock, String(process.pid), { flag: 'wx' })
  } catch {
    const holder = Number(await readFile(lock, 'utf8').catch(() => ''))
    if (holder !== process.pid && isAlive(holder)) {
      throw new DaybookError(
        'unavailable',
        `Daybook already runs on ${path} (process ${holder}). Stop it first, or name another folder with --data.`,
      )
    }
    // Its holder was killed; nobody else cleans up after it.
    await writeFile(lock, String(process.pid))
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Somebody else's process is alive too.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
