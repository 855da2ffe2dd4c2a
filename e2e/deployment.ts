import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connectDaybook, type Daybook } from '@daybook/client'
import { assertCaller, CALLER_HEADER } from '@daybook/runtime'
import {
  createDatabase,
  createTempFolder,
  createTestDatabase,
  freePort,
  type NatsOptions,
  type NatsServer,
  runSql,
  type SupervisedProcess,
  startNats,
  startProcess,
  waitFor,
} from '@daybook/testing'
import type { Failpoint } from './failpoint.ts'

/** A process of a service that can be told to end, or to stop, at one of its failpoints. */
interface Service extends AsyncDisposable {
  readonly url: string
  readonly process: SupervisedProcess
  /** Starts it again, this time with a failpoint; `at` names it. By default it is killed there at its first passing. */
  arm(at: string, failpoint?: Partial<Failpoint>): Promise<void>
  /** Waits until it has met its failpoint. */
  struck(): Promise<void>
}

/** A journal with a gateway of its own in front of it. */
interface SecondJournal extends Service {
  connect(): Promise<Daybook>
}

/** Daybook as it is deployed: a process for each service, Postgres, and nats-server. */
export interface Deployment extends AsyncDisposable {
  readonly databaseUrl: string
  readonly nats: NatsServer
  readonly journal: SupervisedProcess
  readonly projection: SupervisedProcess
  readonly services: { readonly journal: Service; readonly projection: Service; readonly gateway: Service }
  readonly journalUrl: string
  readonly projectionUrl: string
  readonly gatewayUrl: string
  /** Opens everything at the gateway. */
  readonly token: string
  /** Makes the first token of a tenant, as its operator does. */
  firstToken(tenant: string): Promise<string>
  connect(options?: { overNats: boolean }): Promise<Daybook>
  /** Lets the lease of a relay that is dead run out now instead of in ten seconds. */
  endRelayLease(): Promise<void>
  /** One more journal on the same database and NATS, as `--scale journal=2` would start it. */
  startJournal(): Promise<SecondJournal>
}

type Env = Record<string, string>

/** How a service is run. */
interface RunOptions {
  /** Added to its environment. */
  env?: Env
  /** A command that runs the service's own, such as one that bounds its memory. */
  wrapper?: { readonly command: string; readonly args: readonly string[] }
}

export interface DeployOptions {
  /** Another server than that of the test run, on which a database is made. */
  adminUrl?: string
  /** A database that is there already, and is empty. */
  databaseUrl?: string
  nats?: NatsOptions
  /** Everybody who connects to NATS has a name, as in compose. By default it lets in anybody, as stories look into it. */
  withNatsAccounts?: boolean
  /** Added to the environment of the journal and the projection. */
  env?: Env
  projection?: RunOptions
}

const CALLER_KEY = 'the-caller-key-of-all-deployments-in-tests'
const ADMIN_TOKEN = `dbk_admin_${'0123456789'.repeat(5)}`

/** For stories that ask a service past the gateway, as the gateway does. */
export function asGateway(): Record<string, string> {
  const caller = { tenant: 'main', actor: { kind: 'user', id: 'admin' }, scopes: ['admin'] } as const
  return { [CALLER_HEADER]: assertCaller(CALLER_KEY, caller) }
}

const root = join(import.meta.dirname, '..')
const failpointScript = join(import.meta.dirname, 'failpoint.ts')

async function startService(name: string, env: Env, options: RunOptions = {}): Promise<Service> {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await createTempFolder())
  const failpointFile = join(folder.path, 'failpoint.json')
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const main = join(root, 'services', name, 'dist', 'main.js')
  const own = { LOG_LEVEL: 'warn', HTTP_PORT: String(port), DAYBOOK_FAILPOINT_FILE: failpointFile }
  const args = ['--import', failpointScript, main]
  const { wrapper } = options
  const service = await startProcess({
    command: wrapper?.command ?? process.execPath,
    args: wrapper === undefined ? args : [...wrapper.args, process.execPath, ...args],
    env: { ...own, ...env, ...options.env },
    // Alive is enough: a story may start a service while what it needs is dead.
    readyWhen: async () => (await fetch(`${url}/healthz`).catch(() => undefined))?.ok === true,
  })
  stack.use(service)
  const opened = stack.move()
  return {
    url,
    process: service,
    async arm(at, { passing = 1, signal = 'SIGKILL', isLate = false } = {}) {
      await service.kill()
      await writeFile(failpointFile, JSON.stringify({ at, passing, signal, isLate } satisfies Failpoint))
      // It may well strike before the service is ready.
      await service.restart().catch((error: unknown) => {
        if (existsSync(failpointFile)) throw error
      })
    },
    struck: async () => {
      await waitFor(() => !existsSync(failpointFile), { timeoutMs: 30_000, what: 'the failpoint' })
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

async function migrateService(name: string, databaseUrl: string): Promise<void> {
  await using migration = await startProcess({
    command: process.execPath,
    args: [join(root, 'services', name, 'dist', 'main.js'), 'migrate'],
    env: { DATABASE_URL: databaseUrl, LOG_LEVEL: 'warn' },
  })
  const { code } = await migration.ended
  if (code !== 0) throw new Error(`the migration of ${name} failed: ${migration.output}`)
}

interface NatsKeys {
  /** For the server's configuration. */
  accounts: string
  envOf(service: 'journal' | 'projection' | 'gateway'): Env
}

/** Makes the keys of NATS' users as compose does. */
async function makeNatsKeys(stack: AsyncDisposableStack): Promise<NatsKeys> {
  const { path } = stack.use(await createTempFolder())
  const main = join(root, 'services', 'gateway', 'dist', 'main.js')
  await using making = await startProcess({ command: process.execPath, args: [main, 'nats-keys', path] })
  const { code } = await making.ended
  if (code !== 0) throw new Error(`the keys of NATS were not made: ${making.output}`)
  return {
    accounts: await readFile(join(path, 'nats', 'accounts.conf'), 'utf8'),
    envOf: (service) => ({
      NATS_NKEY_SEED_FILE: join(path, service, 'nkey.seed'),
      ...(service === 'gateway' && { NATS_ISSUER_SEED_FILE: join(path, service, 'issuer.seed') }),
      ...(service === 'journal' && { NATS_ACCOUNTS_REQUIRED: 'true' }),
    }),
  }
}

const noNatsKeys: NatsKeys = { accounts: '', envOf: () => ({}) }

async function createFirstToken(tenant: string, env: Env): Promise<string> {
  await using command = await startProcess({
    command: process.execPath,
    args: [join(root, 'services', 'gateway', 'dist', 'main.js'), 'token', tenant],
    env: { ...env, LOG_LEVEL: 'warn' },
  })
  const { code } = await command.ended
  if (code !== 0) throw new Error(`no token was made: ${command.output}`)
  return command.output.trim()
}

/** Needs a real Postgres server: several processes connect to it. */
async function emptyDatabase(stack: AsyncDisposableStack, adminUrl: string | undefined): Promise<string> {
  const { url } = stack.use(await (adminUrl === undefined ? createTestDatabase() : createDatabase(adminUrl)))
  if (url === undefined) throw new Error('this story needs a Postgres server')
  return url
}

export async function deploy(options: DeployOptions = {}): Promise<Deployment> {
  await using stack = new AsyncDisposableStack()
  const databaseUrl = options.databaseUrl ?? (await emptyDatabase(stack, options.adminUrl))
  await migrateService('journal', databaseUrl)
  await migrateService('projection', databaseUrl)
  await migrateService('gateway', databaseUrl)
  const keys = options.withNatsAccounts === true ? await makeNatsKeys(stack) : noNatsKeys
  const nats = stack.use(await startNats({ ...options.nats, accounts: keys.accounts }))
  const own = { DATABASE_URL: databaseUrl, NATS_URL: nats.url, NATS_MONITOR_URL: nats.monitorUrl, CALLER_KEY }
  const env = { ...own, ...options.env }
  const startGateway = (upstreams: Env) =>
    startService('gateway', { ...own, ADMIN_TOKEN, ...keys.envOf('gateway'), ...upstreams })
  const journal = stack.use(await startService('journal', { ...env, ...keys.envOf('journal') }))
  const projection = stack.use(
    await startService(
      'projection',
      { ...env, ...keys.envOf('projection'), JOURNAL_URL: journal.url },
      options.projection,
    ),
  )
  const gateway = stack.use(await startGateway({ JOURNAL_URL: journal.url, PROJECTION_URL: projection.url }))
  const opened = stack.move()
  return {
    databaseUrl,
    nats,
    journal: journal.process,
    projection: projection.process,
    services: { journal, projection, gateway },
    journalUrl: journal.url,
    projectionUrl: projection.url,
    gatewayUrl: gateway.url,
    token: ADMIN_TOKEN,
    firstToken: (tenant) => createFirstToken(tenant, { ...own, JOURNAL_URL: journal.url }),
    connect: ({ overNats } = { overNats: false }) =>
      connectDaybook({
        url: gateway.url,
        token: ADMIN_TOKEN,
        ...(overNats && { nats: nats.url }),
        timeoutMs: 60_000,
      }),
    async endRelayLease() {
      await runSql(databaseUrl, "update journal.relay set until = '-infinity'")
    },
    async startJournal() {
      const second = opened.use(await startService('journal', { ...env, ...keys.envOf('journal') }))
      const door = opened.use(await startGateway({ JOURNAL_URL: second.url, PROJECTION_URL: projection.url }))
      return { ...second, connect: () => connectDaybook({ url: door.url, token: ADMIN_TOKEN }) }
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
