import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chown, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../free-port.ts'
import { startProcess } from '../process.ts'
import { createTempFolder } from '../temp-folder.ts'
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

/** Starts a cluster of its own by an installed Postgres that has pgvector; undefined where there is none. */
export async function startLocalPostgres(): Promise<PostgresServer | undefined> {
  const installation = await findInstallation()
  if (!installation) return undefined
  const folder = await createTempFolder()
  try {
    return await startCluster(installation, folder)
  } catch (error) {
    await folder[Symbol.asyncDispose]()
    throw error
  }
}

async function startCluster(
  { binFolder, version }: Installation,
  folder: AsyncDisposable & { path: string },
): Promise<PostgresServer> {
  const user = await findServerUser()
  const password = randomBytes(12).toString('hex')
  const data = join(folder.path, 'data')
  await createCluster({ binFolder, data, password, folder: folder.path, user })
  const port = await freePort()
  const settings = { ...SETTINGS, port: String(port), unix_socket_directories: folder.path }
  const server = await startProcess({
    command: join(binFolder, 'postgres'),
    args: ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    cwd: folder.path,
    readyWhen: /ready to accept connections/,
    // An immediate shutdown: the cluster is thrown away with its contents.
    stopSignal: 'SIGQUIT',
    ...(user && { user }),
  })
  return {
    origin: `PostgreSQL ${version} of this machine, a cluster of its own`,
    adminUrl: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    async [Symbol.asyncDispose]() {
      await server.stop()
      await folder[Symbol.asyncDispose]()
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
