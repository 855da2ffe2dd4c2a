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

/** One more instance of a service, with a gateway of its own in front of it. */
interface SecondInstance extends Service {
  /** Of the gateway, which is started when it is first asked for. */
  publicUrl(): Promise<string>
  connect(): Promise<Daybook>
}

/** Daybook as it is deployed: a process for each service, Postgres, and nats-server. */
export interface Deployment extends AsyncDisposable {
  readonly databaseUrl: string
  readonly nats: NatsServer
  readonly journal: SupervisedProcess
  readonly projection: SupervisedProcess
  readonly services: {
    readonly journal: Service
    readonly projection: Service
    readonly gateway: Service
    /** Of a story that asked for it, by `withInbound`. */
    readonly inbound: Service
    /** Of a story that asked for it, by `withCron`. */
    readonly cron: Service
  }
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
  startJournal(): Promise<SecondInstance>
  /** One more inbound service, likewise. */
  startInbound(options?: RunOptions): Promise<SecondInstance>
  /** One more cron service, likewise. */
  startCron(options?: RunOptions): Promise<SecondInstance>
}

type Env = Record<string, string>

/** How a service is run. */
interface RunOptions {
  /** Added to its environment. */
  env?: Env
  /** A program that takes the place of the service's own, and is the service all the same. */
  main?: string
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
  /** Starts the inbound service too, which few stories need. */
  withInbound?: boolean
  inbound?: RunOptions
  /** Starts the cron service too, which few stories need. */
  withCron?: boolean
  cron?: RunOptions
}

const CALLER_KEY = 'the-caller-key-of-all-deployments-in-tests'
const ADMIN_TOKEN = `dbk_admin_${'0123456789'.repeat(5)}`

/** For stories that ask a service past the gateway, as the gateway does. */
export function asGateway(): Record<string, string> {
  const caller = { tenant: 'main', actor: { kind: 'user', id: 'admin' }, scopes: ['admin'] } as const
  return { [CALLER_HEADER]: assertCaller(CALLER_KEY, caller) }
}

/** The services that have tables. The first makes the roles of all. */
const MIGRATING = ['journal', 'projection', 'inbound', 'cron', 'gateway']

/** Nobody listens there: it is reserved, and connections are refused at once. */
const NOWHERE = 'http://127.0.0.1:1'

const root = join(import.meta.dirname, '..')
const failpointScript = join(import.meta.dirname, 'failpoint.ts')

async function startService(name: string, env: Env, options: RunOptions = {}): Promise<Service> {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await createTempFolder())
  const failpointFile = join(folder.path, 'failpoint.json')
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const main = options.main ?? join(root, 'services', name, 'dist', 'main.js')
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
  envOf(service: 'journal' | 'projection' | 'inbound' | 'cron' | 'gateway'): Env
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

async function migrateAll(databaseUrl: string): Promise<void> {
  for (const name of MIGRATING) await migrateService(name, databaseUrl)
}

/**
 * A database with the tables of all services. On the server of the test run it is a copy of one that they migrate once.
 * Needs a real Postgres server: several processes connect to it.
 */
async function migratedDatabase(stack: AsyncDisposableStack, adminUrl: string | undefined): Promise<string> {
  if (adminUrl === undefined) {
    const { url } = stack.use(await createTestDatabase({ name: 'tables-of-deployment', fill: migrateAll }))
    if (url === undefined) throw new Error('this story needs a Postgres server')
    return url
  }
  const { url } = stack.use(await createDatabase(adminUrl))
  await migrateAll(url)
  return url
}

function asked(service: Service | undefined, option: 'withInbound' | 'withCron'): Service {
  if (service !== undefined) return service
  throw new Error(`this story did not ask for it: deploy({ ${option}: true })`)
}

export async function deploy(options: DeployOptions = {}): Promise<Deployment> {
  await using stack = new AsyncDisposableStack()
  if (options.databaseUrl !== undefined) await migrateAll(options.databaseUrl)
  const databaseUrl = options.databaseUrl ?? (await migratedDatabase(stack, options.adminUrl))
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
  const startWorking = (name: 'inbound' | 'cron', more: RunOptions = {}) =>
    startService(
      name,
      { ...env, ...keys.envOf(name), JOURNAL_URL: journal.url },
      { ...more, env: { ...options[name]?.env, ...more.env } },
    )
  const startWanted = async (name: 'inbound' | 'cron', isWanted: boolean | undefined) =>
    isWanted === true ? stack.use(await startWorking(name, options[name])) : undefined
  const inbound = await startWanted('inbound', options.withInbound)
  const cron = await startWanted('cron', options.withCron)
  const upstreams = {
    JOURNAL_URL: journal.url,
    PROJECTION_URL: projection.url,
    INBOUND_URL: inbound?.url ?? NOWHERE,
    CRON_URL: cron?.url ?? NOWHERE,
  }
  const gateway = stack.use(await startGateway(upstreams))
  const opened = stack.move()
  const behindItsOwnGateway = (service: Service, upstream: Env): SecondInstance => {
    let door: Promise<Service> | undefined
    const openDoor = async () => opened.use(await startGateway({ ...upstreams, ...upstream }))
    const publicUrl = async () => {
      door ??= openDoor()
      return (await door).url
    }
    return {
      ...service,
      publicUrl,
      connect: async () => connectDaybook({ url: await publicUrl(), token: ADMIN_TOKEN }),
    }
  }
  return {
    databaseUrl,
    nats,
    journal: journal.process,
    projection: projection.process,
    services: {
      journal,
      projection,
      gateway,
      get inbound() {
        return asked(inbound, 'withInbound')
      },
      get cron() {
        return asked(cron, 'withCron')
      },
    },
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
      return behindItsOwnGateway(second, { JOURNAL_URL: second.url })
    },
    async startInbound(more) {
      const second = opened.use(await startWorking('inbound', more))
      return behindItsOwnGateway(second, { INBOUND_URL: second.url })
    },
    async startCron(more) {
      const second = opened.use(await startWorking('cron', more))
      return behindItsOwnGateway(second, { CRON_URL: second.url })
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
