import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { connectBus } from '@daybook/bus'
import { DaybookError } from '@daybook/errors'
import { subjects } from '@daybook/events'
import { assertCaller, CALLER_HEADER } from '@daybook/runtime'
import { findNatsServer, freePort, startProcess, waitFor } from '@daybook/testing'
import { countRows } from './append/pool.ts'
import { type Cluster, startCluster } from './cluster.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** As in infra/docker/Dockerfile. */
const nodeOptions = '--enable-source-maps --max-semi-space-size=64'

/** The server that DATABASE_URL names, else a cluster of its own, with these settings beside those of all benchmarks. */
export async function openPostgres(
  env: Environment,
  settings: Readonly<Record<string, string>> = {},
): Promise<Cluster & { from: string }> {
  const url = env['DATABASE_URL']
  if (url) return { url, from: 'DATABASE_URL', [Symbol.asyncDispose]: async () => undefined }
  return { ...(await startCluster(env['PATH'] ?? '', settings)), from: 'a cluster of its own' }
}

export async function natsVersion(): Promise<string> {
  const { stdout } = await promisify(execFile)(await findNatsServer(), ['--version'])
  return /\d+\.\d+\.\d+\S*/.exec(stdout)?.[0] ?? 'unknown'
}

/** Of this process, as all of the servers are: what is measured is the way, and not who goes it. */
const callerKey = randomBytes(32).toString('hex')
/** Opens everything at the gateway. */
export const adminToken = `dbk_admin_${randomBytes(32).toString('hex')}`
/** What a request to the gateway has to have (RFC 6750). */
export const authorized = { authorization: `Bearer ${adminToken}` }
/** What a service asks of whoever asks it past the gateway. */
const asGateway = (): Record<string, string> => ({
  [CALLER_HEADER]: assertCaller(callerKey, {
    tenant: 'main',
    actor: { kind: 'service', id: 'bench' },
    scopes: ['read'],
  }),
})

export interface Daybook extends AsyncDisposable {
  gatewayUrl: string
  /** Starts the inbound service and waits until it answers over NATS. */
  startInbound(settings?: Record<string, string>): Promise<AsyncDisposable>
  /** Starts so many instances of the cron service and waits until one answers over NATS; the gateway knows the first. */
  startCron(instances: number): Promise<AsyncDisposable>
  /** Starts the projection service and waits until it has caught up with the journal, whose head it answers. */
  startProjection(signal: AbortSignal): Promise<AsyncDisposable & { head: number }>
}

/** The projection applies some ten thousand events a second while nothing else runs. */
const catchUpMsMax = 600_000

/**
 * The journal and the gateway, each as the process that a deployment runs. The projection, the inbound and the cron
 * service are not on the way of an append: they are started for what needs them. `prepare` is called between the migrations and the services.
 */
export async function startDaybook(
  on: { databaseUrl: string; natsUrl: string },
  prepare: (databaseUrl: string) => Promise<void> = async () => undefined,
): Promise<Daybook> {
  await using stack = new AsyncDisposableStack()
  // Warnings are kept, the line for each request is not: it would measure the log.
  const env = {
    DATABASE_URL: on.databaseUrl,
    NATS_URL: on.natsUrl,
    CALLER_KEY: callerKey,
    ADMIN_TOKEN: adminToken,
    LOG_LEVEL: 'warn',
    NODE_OPTIONS: nodeOptions,
  }
  await migrate('journal', env)
  await migrate('projection', env)
  await migrate('inbound', env)
  await migrate('cron', env)
  await migrate('gateway', env)
  await prepare(on.databaseUrl)
  const journal = stack.use(await startService('journal', env))
  const [projectionPort, inboundPort, cronPort] = [await freePort(), await freePort(), await freePort()]
  const upstreams = {
    JOURNAL_URL: journal.url,
    PROJECTION_URL: `http://127.0.0.1:${projectionPort}`,
    INBOUND_URL: `http://127.0.0.1:${inboundPort}`,
    CRON_URL: `http://127.0.0.1:${cronPort}`,
  }
  const gateway = stack.use(await startService('gateway', { ...env, ...upstreams }))
  await waitForResponder(on.natsUrl, 'journal', 'append')
  const started = stack.move()
  return {
    gatewayUrl: gateway.url,
    async startProjection(signal) {
      const projection = await startService('projection', env, projectionPort)
      const head = await waitUntilCaughtUp(projection.url, on.databaseUrl, signal)
      return { ...projection, head }
    },
    async startInbound(settings = {}) {
      const own = { ...env, JOURNAL_URL: journal.url, ...settings }
      const inbound = await startService('inbound', own, inboundPort)
      await waitForResponder(on.natsUrl, 'inbound', 'receive')
      return inbound
    },
    async startCron(instances) {
      await using cron = new AsyncDisposableStack()
      const own = { ...env, JOURNAL_URL: journal.url }
      cron.use(await startService('cron', own, cronPort))
      for (let more = 1; more < instances; more += 1) cron.use(await startService('cron', own))
      await waitForResponder(on.natsUrl, 'cron', 'create')
      return cron.move()
    },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  }
}

async function migrate(service: Service, env: Record<string, string>): Promise<void> {
  const migration = await startProcess({
    command: process.execPath,
    args: [mainOf(service), 'migrate'],
    env,
  })
  const { code } = await migration.ended
  if (code !== 0)
    throw new DaybookError('migration-failed', `The ${service} could not be migrated:\n${migration.output}`)
}

type Service = 'journal' | 'projection' | 'inbound' | 'cron' | 'gateway'

/** Answers the position that was waited for: the journal's head at the beginning. */
async function waitUntilCaughtUp(url: string, databaseUrl: string, signal: AbortSignal): Promise<number> {
  const head = await countRows(databaseUrl, 'select position as count from journal.head')
  const isThere = async (): Promise<boolean> => {
    signal.throwIfAborted()
    const response = await fetch(`${url}/v1/runs?limit=1&minPosition=${head}`, { headers: asGateway() })
    await response.arrayBuffer()
    return response.ok
  }
  await waitFor(isThere, { timeoutMs: catchUpMsMax, what: 'the projection to have caught up' })
  return head
}

async function startService(
  name: Service,
  env: Record<string, string>,
  fixedPort?: number,
): Promise<AsyncDisposable & { url: string }> {
  const port = fixedPort ?? (await freePort())
  const url = `http://127.0.0.1:${port}`
  const service = await startProcess({
    command: process.execPath,
    args: [mainOf(name)],
    env: { ...env, HTTP_HOST: '127.0.0.1', HTTP_PORT: String(port) },
    readyWhen: async () => (await fetch(`${url}/healthz`)).ok,
  })
  const startedWith = service.output.length
  return {
    url,
    async [Symbol.asyncDispose]() {
      await service.stop()
      reportErrors(name, service.output.slice(startedWith))
    },
  }
}

/** What went wrong while it served explains why there is no figure, or should be known beside one. */
function reportErrors(name: Service, log: string): void {
  const errors = log.split('\n').filter((line) => line.includes('"level":"error"'))
  for (const line of errors.slice(0, ERRORS_SHOWN_MAX)) console.error(line.slice(0, ERROR_CHARS_MAX))
  const hidden = errors.length - ERRORS_SHOWN_MAX
  if (hidden > 0) console.error(`… and ${hidden} more errors of the ${name} service`)
}

const ERRORS_SHOWN_MAX = 5
/** Without most of the stack. */
const ERROR_CHARS_MAX = 600

function mainOf(service: string): string {
  const path = fileURLToPath(new URL(`../../services/${service}/dist/main.js`, import.meta.url))
  if (existsSync(path)) return path
  throw new DaybookError(
    'not-found',
    `The ${service} service is not built. Build everything first: npm run build`,
  )
}

/** A service's HTTP answers before it has found NATS. An empty request is refused as soon as someone reads it. */
async function waitForResponder(natsUrl: string, service: Service, command: string): Promise<void> {
  await using bus = await connectBus({ servers: natsUrl, name: 'daybook-bench', wait: true })
  const subject = subjects.rpc('main', service, command)
  const answered = async (): Promise<boolean> => {
    try {
      await bus.request(subject, '{}', { timeoutMs: 1000 })
      return true
    } catch (error) {
      return error instanceof DaybookError && error.retry === 'never'
    }
  }
  await waitFor(answered, { what: `the ${service} service to answer over NATS`, timeoutMs: 30_000 })
}
