import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chown, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../free-port.ts'
import { type SupervisedProcess, startProcess } from '../process.ts'
import { createTempFolder, findMemoryFolder, type TempFolder } from '../temp-folder.ts'
import { waitFor } from '../wait-for.ts'
import { findInstallation, type Installation } from './installation.ts'
import type { PostgresServer } from './offer.ts'
import { findServerUser, type ServerUser } from './server-user.ts'

const execFileAsync = promisify(execFile)

/**
 * Small, but with production's promises: data checksums and fsync stay on. Connections are enough for several test
 * files that each open a few pools.
 */
const SETTINGS = {
  max_connections: '200',
  shared_buffers: '64MB',
  max_wal_size: '256MB',
  listen_addresses: '127.0.0.1',
  fsync: 'on',
}

/** A cluster of its own, so that it can be treated badly. */
export interface LocalPostgres extends PostgresServer {
  readonly dataFolder: string
  /** Everything that the server logged. */
  readonly output: string
  /** Kills the postmaster (SIGKILL): the others of its processes notice and end, without a checkpoint. */
  kill(): Promise<void>
  /** Starts it again on the same port and data. */
  restart(): Promise<void>
  /** Runs a program of this Postgres, such as `pg_basebackup`, as the user of the server. */
  run(program: string, args: readonly string[]): Promise<void>
  /** Copies a folder to the place of the data, as the user of the server. The server must not run. */
  replaceData(source: string): Promise<void>
}

export interface LocalPostgresOptions {
  /** An empty folder to put the cluster in, which is kept. Default: a temporary one, removed at the end. */
  folder?: string
  /**
   * Keep the cluster in memory where there is room: hundreds of databases are made and dropped in a test run, which is
   * half of the work on a disk. It is the same server with the same settings, but it cannot tell what a disk does.
   */
  isInMemory?: boolean
  /** Settings of the server, beside or instead of those that all tests have. */
  settings?: Readonly<Record<string, string>>
}

/** A test run has some 500 MiB at a time; with DAYBOOK_LONG=1, a journal of a million events. */
const MEMORY_BYTES_MIN = 6 * 2 ** 30

/** Processes of a killed postmaster that are in the middle of something may hold the shared memory for a moment. */
const LAST_PROCESS_MS_MAX = 20_000

/** Starts a cluster of its own by an installed Postgres that has pgvector; undefined where there is none. */
export async function startLocalPostgres(
  options: LocalPostgresOptions = {},
): Promise<LocalPostgres | undefined> {
  const installation = await findInstallation()
  if (!installation) return undefined
  const folder = await folderFor(options)
  try {
    return await startCluster(installation, folder, options.settings ?? {})
  } catch (error) {
    await folder[Symbol.asyncDispose]()
    throw error
  }
}

async function folderFor({ folder, isInMemory = false }: LocalPostgresOptions): Promise<TempFolder> {
  if (folder !== undefined) return { path: folder, [Symbol.asyncDispose]: async () => undefined }
  return createTempFolder(isInMemory ? await findMemoryFolder(MEMORY_BYTES_MIN) : undefined)
}

async function startCluster(
  { binFolder, version }: Installation,
  folder: AsyncDisposable & { path: string },
  ownSettings: Readonly<Record<string, string>>,
): Promise<LocalPostgres> {
  const user = await findServerUser()
  const password = randomBytes(12).toString('hex')
  const data = join(folder.path, 'data')
  await createCluster({ binFolder, data, password, folder: folder.path, user })
  const port = await freePort()
  const settings = {
    ...SETTINGS,
    ...ownSettings,
    port: String(port),
    unix_socket_directories: folder.path,
  }
  const server = await startProcess({
    command: join(binFolder, 'postgres'),
    args: ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    cwd: folder.path,
    readyWhen: /ready to accept connections/,
    // An immediate shutdown: the cluster is thrown away with its contents.
    stopSignal: 'SIGQUIT',
    ...(user && { user }),
  })
  const cluster = { binFolder, data, folder: folder.path, password, user }
  return {
    origin: `PostgreSQL ${version} of this machine, a cluster of its own`,
    adminUrl: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    ...controls(server, cluster),
    get output() {
      return server.output
    },
    async [Symbol.asyncDispose]() {
      await server.stop()
      await folder[Symbol.asyncDispose]()
    },
  }
}

/** What a test can do to a cluster. */
function controls(
  server: SupervisedProcess,
  { binFolder, data, folder, user }: ClusterSpec,
): Pick<LocalPostgres, 'dataFolder' | 'kill' | 'restart' | 'run' | 'replaceData'> {
  const asServer = { cwd: folder, ...user }
  return {
    dataFolder: data,
    kill: () => server.kill(),
    restart: async () => {
      await waitFor(() => server.restart().then(() => true), {
        what: 'Postgres to start again',
        timeoutMs: LAST_PROCESS_MS_MAX,
      })
    },
    run: async (program, args) => {
      await execFileAsync(join(binFolder, program), [...args], asServer)
    },
    replaceData: async (source) => {
      await rm(data, { recursive: true })
      await execFileAsync('cp', ['-R', source, data], asServer)
    },
  }
}

interface ClusterSpec {
  binFolder: string
  data: string
  folder: string
  password: string
  user: ServerUser | undefined
}

async function createCluster({ binFolder, data, folder, password, user }: ClusterSpec): Promise<void> {
  const passwordFile = join(folder, 'password')
  await writeFile(passwordFile, password, { mode: 0o600 })
  if (user) await Promise.all([folder, passwordFile].map((path) => chown(path, user.uid, user.gid)))
  const options = {
    pgdata: data,
    username: 'postgres',
    pwfile: passwordFile,
    // A password, since every user of this machine can reach the port.
    auth: 'scram-sha-256',
    encoding: 'UTF8',
    locale: 'C',
  }
  const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`)
  await execFileAsync(join(binFolder, 'initdb'), [...args, '--data-checksums', '--no-sync'], {
    cwd: folder,
    ...user,
  })
}
