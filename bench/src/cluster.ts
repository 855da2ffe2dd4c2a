import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chown, readdir, readFile, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { DaybookError } from '@daybook/errors'
import { createTempFolder, freePort, startProcess, type TempFolder } from '@daybook/testing'

const execFileAsync = promisify(execFile)

export interface Cluster extends AsyncDisposable {
  /** Of its maintenance database, as a superuser. */
  url: string
}

/** Postgres refuses to run as root. The first exists where Debian installed it, the second on every Unix. */
const serverUsers = ['postgres', 'nobody']

const debianFolder = '/usr/lib/postgresql'

/**
 * Durability is that of production. The rest keeps one system's checkpoint out of another's turn: no checkpoint
 * within a run, and memory for the indexes of all systems together.
 */
const settings = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  shared_buffers: '512MB',
  max_wal_size: '8GB',
  checkpoint_timeout: '60min',
  max_connections: '200',
  listen_addresses: '127.0.0.1',
}

/** Starts an empty Postgres of its own; disposing removes it. Errors: `not-found` where none is installed. */
export async function startCluster(path: string, more: Readonly<Record<string, string>>): Promise<Cluster> {
  const bin = await findBinaries(path)
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await createTempFolder())
  const user = await findServerUser()
  const password = await initialize(bin, folder, user)
  const port = await freePort()
  const options = { ...settings, ...more, port: String(port), unix_socket_directories: folder.path }
  const server = await startProcess({
    command: join(bin, 'postgres'),
    args: [
      '-D',
      dataFolder(folder),
      ...Object.entries(options).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    cwd: folder.path,
    readyWhen: /ready to accept connections/,
    // An immediate shutdown: the cluster is thrown away with its contents.
    stopSignal: 'SIGQUIT',
    ...(user && { user }),
  })
  stack.defer(async () => void (await server.stop()))
  const started = stack.move()
  return {
    url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  }
}

/** The PATH's, else the newest of those that Debian keeps side by side. */
async function findBinaries(path: string): Promise<string> {
  const installed = existsSync(debianFolder) ? await readdir(debianFolder) : []
  const newestFirst = installed.toSorted((a, b) => Number(b) - Number(a))
  const folders = [
    ...path.split(delimiter),
    ...newestFirst.map((version) => join(debianFolder, version, 'bin')),
  ]
  const found = folders.find((folder) =>
    ['initdb', 'postgres'].every((name) => existsSync(join(folder, name))),
  )
  if (found) return found
  throw new DaybookError(
    'not-found',
    'There is no Postgres here. Install one (Debian: apt-get install postgresql) or name a server in DATABASE_URL.',
  )
}

interface ServerUser {
  uid: number
  gid: number
}

/** Undefined means the present user, which is right for everybody but root. */
async function findServerUser(): Promise<ServerUser | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const accounts = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'))
  const account = serverUsers.map((user) => accounts.find(([name]) => name === user)).find((found) => found)
  if (account) return { uid: Number(account[2]), gid: Number(account[3]) }
  throw new DaybookError(
    'unsafe-configuration',
    'Postgres does not run as root. Run the benchmark as another user.',
  )
}

/** Returns the superuser's password: every user of this machine can reach the port. */
async function initialize(bin: string, folder: TempFolder, user: ServerUser | undefined): Promise<string> {
  const password = randomBytes(12).toString('hex')
  const passwordFile = join(folder.path, 'password')
  await writeFile(passwordFile, password, { mode: 0o600 })
  if (user) await Promise.all([folder.path, passwordFile].map((path) => chown(path, user.uid, user.gid)))
  const args = [`--pgdata=${dataFolder(folder)}`, '--username=postgres', `--pwfile=${passwordFile}`]
  const options = ['--auth=scram-sha-256', '--encoding=UTF8', '--locale=C', '--no-sync']
  await execFileAsync(join(bin, 'initdb'), [...args, ...options], { cwd: folder.path, ...user })
  return password
}

function dataFolder(folder: TempFolder): string {
  return join(folder.path, 'data')
}
