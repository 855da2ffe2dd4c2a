import { join } from 'node:path'
import { connectDaybook, type Daybook } from '@daybook/client'
import {
  createTestDatabase,
  freePort,
  type NatsServer,
  type SupervisedProcess,
  startNats,
  startProcess,
} from '@daybook/testing'

/** Daybook as it is deployed: a process for each service, Postgres, and nats-server. */
export interface Deployment extends AsyncDisposable {
  readonly nats: NatsServer
  readonly journal: SupervisedProcess
  readonly projection: SupervisedProcess
  readonly gatewayUrl: string
  connect(options?: { overNats: boolean }): Promise<Daybook>
}

const root = join(import.meta.dirname, '..')

function startService(name: string, port: number, env: Record<string, string>): Promise<SupervisedProcess> {
  return startProcess({
    command: process.execPath,
    args: [join(root, 'services', name, 'dist', 'main.js')],
    env: { LOG_LEVEL: 'warn', HTTP_PORT: String(port), ...env },
    // Alive is enough: a story may start a service while what it needs is dead.
    readyWhen: async () =>
      (await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined))?.ok === true,
  })
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

/** Needs a real Postgres server: several processes connect to it. */
export async function deploy(): Promise<Deployment> {
  await using stack = new AsyncDisposableStack()
  const database = stack.use(await createTestDatabase())
  if (database.url === undefined) throw new Error('this story needs a Postgres server')
  await migrateService('journal', database.url)
  await migrateService('projection', database.url)
  const nats = stack.use(await startNats())
  const env = { DATABASE_URL: database.url, NATS_URL: nats.url }
  const ports = { journal: await freePort(), projection: await freePort(), gateway: await freePort() }
  const journal = stack.use(await startService('journal', ports.journal, env))
  const projection = stack.use(await startService('projection', ports.projection, env))
  stack.use(
    await startService('gateway', ports.gateway, {
      JOURNAL_URL: `http://127.0.0.1:${ports.journal}`,
      PROJECTION_URL: `http://127.0.0.1:${ports.projection}`,
    }),
  )
  const gatewayUrl = `http://127.0.0.1:${ports.gateway}`
  const opened = stack.move()
  return {
    nats,
    journal,
    projection,
    gatewayUrl,
    connect: ({ overNats } = { overNats: false }) =>
      connectDaybook({ url: gatewayUrl, ...(overNats && { nats: nats.url }), timeoutMs: 60_000 }),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
