import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { connectBus } from '@daybook/bus'
import { DaybookError } from '@daybook/errors'
import { subjects } from '@daybook/events'
import { findNatsServer, freePort, startProcess, waitFor } from '@daybook/testing'
import { type Cluster, startCluster } from './cluster.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** As in infra/docker/Dockerfile. */
const nodeOptions = '--enable-source-maps --max-semi-space-size=64'

/** The server that DATABASE_URL names, else a cluster of its own. */
export async function openPostgres(env: Environment): Promise<Cluster & { from: string }> {
  const url = env['DATABASE_URL']
  if (url) return { url, from: 'DATABASE_URL', [Symbol.asyncDispose]: async () => undefined }
  return { ...(await startCluster(env['PATH'] ?? '')), from: 'a cluster of its own' }
}

export async function natsVersion(): Promise<string> {
  const { stdout } = await promisify(execFile)(await findNatsServer(), ['--version'])
  return /\d+\.\d+\.\d+\S*/.exec(stdout)?.[0] ?? 'unknown'
}

export interface Daybook extends AsyncDisposable {
  gatewayUrl: string
}

/**
 * The journal and the gateway, each as the process that a deployment runs. The projection is left out: it is not on the
 * way of an append.
 */
export async function startDaybook(on: { databaseUrl: string; natsUrl: string }): Promise<Daybook> {
  await using stack = new AsyncDisposableStack()
  // Warnings are kept, the line for each request is not: it would measure the log.
  const env = {
    DATABASE_URL: on.databaseUrl,
    NATS_URL: on.natsUrl,
    LOG_LEVEL: 'warn',
    NODE_OPTIONS: nodeOptions,
  }
  await migrateJournal(env)
  const journal = stack.use(await startService('journal', env))
  // The gateway wants an address for each service; nothing is asked of the projection's.
  const upstreams = { JOURNAL_URL: journal.url, PROJECTION_URL: `http://127.0.0.1:${await freePort()}` }
  const gateway = stack.use(await startService('gateway', { ...env, ...upstreams }))
  await waitForResponder(on.natsUrl)
  const started = stack.move()
  return { gatewayUrl: gateway.url, [Symbol.asyncDispose]: () => started.disposeAsync() }
}

async function migrateJournal(env: Record<string, string>): Promise<void> {
  const migration = await startProcess({
    command: process.execPath,
    args: [mainOf('journal'), 'migrate'],
    env,
  })
  const { code } = await migration.ended
  if (code !== 0)
    throw new DaybookError('migration-failed', `The journal could not be migrated:\n${migration.output}`)
}

async function startService(
  name: 'journal' | 'gateway',
  env: Record<string, string>,
): Promise<AsyncDisposable & { url: string }> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const service = await startProcess({
    command: process.execPath,
    args: [mainOf(name)],
    env: { ...env, HTTP_HOST: '127.0.0.1', HTTP_PORT: String(port) },
    readyWhen: async () => (await fetch(`${url}/healthz`)).ok,
  })
  return { url, [Symbol.asyncDispose]: async () => void (await service.stop()) }
}

function mainOf(service: string): string {
  const path = fileURLToPath(new URL(`../../services/${service}/dist/main.js`, import.meta.url))
  if (existsSync(path)) return path
  throw new DaybookError(
    'not-found',
    `The ${service} service is not built. Build everything first: npm run build`,
  )
}

/** A service's HTTP answers before it has found NATS. An empty request is refused as soon as someone reads it. */
async function waitForResponder(natsUrl: string): Promise<void> {
  await using bus = await connectBus({ servers: natsUrl, name: 'daybook-bench', wait: true })
  const subject = subjects.rpc('main', 'journal', 'append')
  const answered = async (): Promise<boolean> => {
    try {
      await bus.request(subject, '{}', { timeoutMs: 1000 })
      return true
    } catch (error) {
      return error instanceof DaybookError && error.retry === 'never'
    }
  }
  await waitFor(answered, { what: 'the journal to answer over NATS', timeoutMs: 30_000 })
}
