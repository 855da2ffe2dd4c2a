import { connectBus } from '@daybook/bus'
import { openDatabase } from '@daybook/database'
import { createLogger } from '@daybook/runtime'
import { describeWithServer, freePort, startLocalPostgres, startNats, waitFor } from '@daybook/testing'
import { sql } from 'kysely'
import { describe, expect, it, type TestContext } from 'vitest'
import { startGuardedNats } from '../../../packages/bus/test/guarded-nats.ts'
import { readJournalConfig } from '../src/config.ts'
import { requireDurableDatabase } from '../src/database-safety.ts'
import { monitorUrlsOf, NatsSafety } from '../src/nats-safety.ts'
import { runJournal } from '../src/run.ts'
import { createJournalDatabase } from './service-fixture.ts'

const timeoutMs = 20_000
const silent = createLogger({ service: 'test', level: 'silent' })

function recordingLogger() {
  const lines: { level: string; msg: string }[] = []
  const write = (line: string) => void lines.push(JSON.parse(line))
  return { lines, logger: createLogger({ service: 'test', destination: { write } }) }
}

/** Runs the journal until `during` is done; answers what it ended with. */
async function run(env: Record<string, string>, during: (url: string) => Promise<void>): Promise<unknown> {
  const port = await freePort()
  const stop = new AbortController()
  const config = readJournalConfig({
    CALLER_KEY: 'the-caller-key-of-this-test-and-no-other',
    ...env,
    HTTP_PORT: String(port),
    LOG_LEVEL: 'silent',
  })
  const running = runJournal(config, stop.signal).catch((error: unknown) => error)
  const ended = await Promise.race([running, during(`http://127.0.0.1:${port}`)])
  stop.abort()
  return ended ?? (await running)
}

async function checksOf(url: string): Promise<Record<string, { ok: boolean; reason?: string }>> {
  const answer: any = await (await fetch(`${url}/readyz`)).json()
  return answer.checks
}

describeWithServer('a journal over an unsafe Postgres', () => {
  it('refuses to start when commits do not wait for the disk, and names the setting', async () => {
    await using database = await createJournalDatabase()
    const name = new URL(database.test.url ?? '').pathname.slice(1)
    await sql`alter database ${sql.id(name)} set synchronous_commit = off`.execute(database.connect().kysely)
    const env = { DATABASE_URL: database.test.url ?? '', NATS_URL: 'nats://127.0.0.1:1' }
    const ended = await run(env, never)
    expect(ended).toMatchObject({ code: 'unsafe-configuration' })
    expect(String(ended)).toContain('synchronous_commit is off, not on')
  })

  it('refuses fsync and full_page_writes that are off, unless it is told to, and then says so each time', async (test) => {
    await using postgres = await ownCluster(test, { fsync: 'off', full_page_writes: 'off' })
    await using database = openDatabase<unknown>({ url: postgres.adminUrl, applicationName: 'test' })
    const { logger, lines } = recordingLogger()
    await expect(requireDurableDatabase(database, { isAllowed: false, logger })).rejects.toMatchObject({
      code: 'unsafe-configuration',
      details: { faults: [{ setting: 'fsync' }, { setting: 'full_page_writes' }] },
    })
    for (const start of [1, 2]) {
      await requireDurableDatabase(database, { isAllowed: true, logger })
      expect(lines.filter(({ level, msg }) => level === 'error' && msg.startsWith('UNSAFE'))).toHaveLength(
        start,
      )
    }
  })
})

describeWithServer('a journal beside a NATS that syncs later', () => {
  it('refuses to start', async () => {
    await using nats = await startNats({ syncInterval: '2m' })
    await using database = await createJournalDatabase()
    expect(await run(envOf(database.test.url, nats), never)).toMatchObject({ code: 'unsafe-configuration' })
  })

  it('starts when it is told to', async () => {
    await using nats = await startNats({ syncInterval: '2m' })
    await using database = await createJournalDatabase()
    const env = { ...envOf(database.test.url, nats), UNSAFE_NATS: 'true' }
    const ended = await run(env, async (url) => {
      await waitFor(async () => (await checksOf(url))['natsSafety']?.ok, { timeoutMs, what: 'the journal' })
    })
    expect(ended).toBeUndefined()
  })

  it('ends when NATS comes back with another configuration', async () => {
    await using database = await createJournalDatabase()
    const first = await startNats()
    const ended = await run(envOf(database.test.url, first), async (url) => {
      await waitFor(async () => (await checksOf(url))['natsSafety']?.ok, { timeoutMs, what: 'the journal' })
      await first[Symbol.asyncDispose]()
      await using _second = await startNats({
        port: first.port,
        monitorPort: Number(new URL(first.monitorUrl).port),
        syncInterval: '2m',
      })
      await waitFor(async () => (await checksOf(url).catch(() => undefined)) === undefined, {
        timeoutMs,
        what: 'the journal to end',
      })
    })
    expect(ended).toMatchObject({ code: 'unsafe-configuration' })
  })
})

describe('a NATS that cannot be asked', () => {
  it('is neither taken for safe nor a reason to stop: the journal is not ready', async () => {
    await using nats = await startNats()
    await using other = await startNats()
    await using bus = await connectBus({ servers: nats.url, name: 'test', wait: true })
    for (const [monitorUrl, reason] of [
      ['http://127.0.0.1:1', /does not answer/],
      [other.monitorUrl, /no server behind/],
    ] as const) {
      await using safety = new NatsSafety({
        bus,
        monitorUrls: [monitorUrl],
        isAllowed: false,
        needsAccounts: false,
        logger: silent,
      })
      await safety.ready(timeoutMs)
      expect(safety.state()).toMatchObject({ ok: false, reason: expect.stringMatching(reason) })
    }
  })
})

describe('a NATS that lets in anybody', () => {
  it('is told loudly at each of its starts', async () => {
    await using nats = await startNats()
    await using bus = await connectBus({ servers: nats.url, name: 'test', wait: true })
    const { logger, lines } = recordingLogger()
    const told = () =>
      lines.filter(({ level, msg }) => level === 'error' && msg.startsWith('UNSAFE: NATS lets in'))
    const asked = { bus, monitorUrls: [nats.monitorUrl], isAllowed: false, logger }
    await using safety = new NatsSafety({ ...asked, needsAccounts: false })
    await safety.ready(timeoutMs)
    expect(told()).toHaveLength(1)
    await nats.kill()
    await nats.restart()
    await waitFor(() => told().length === 2, { timeoutMs, what: 'the second start' })
    await waitFor(() => safety.state().ok, { timeoutMs, what: 'the rest of the look' })
  })

  it('is refused when accounts are required', async () => {
    await using nats = await startNats()
    await using bus = await connectBus({ servers: nats.url, name: 'test', wait: true })
    const asked = { bus, monitorUrls: [nats.monitorUrl], isAllowed: false, logger: silent }
    await using safety = new NatsSafety({ ...asked, needsAccounts: true })
    await expect(safety.ready(timeoutMs)).rejects.toMatchObject({ code: 'unsafe-configuration' })
  })

  it('is not what one with accounts is', async () => {
    await using nats = await startGuardedNats()
    await using bus = await nats.connectService('journal')
    const { logger, lines } = recordingLogger()
    const asked = { bus, monitorUrls: [nats.server.monitorUrl], isAllowed: false, logger }
    await using safety = new NatsSafety({ ...asked, needsAccounts: true })
    await safety.ready(timeoutMs)
    expect([safety.state().ok, lines]).toEqual([true, []])
  })
})

describe('the places to ask', () => {
  it('are port 8222 beside each server unless others are named', () => {
    expect(monitorUrlsOf('nats://user:secret@a:4222,b', undefined)).toEqual([
      'http://a:8222',
      'http://b:8222',
    ])
    expect(monitorUrlsOf('nats://a', 'http://m:1, http://n:2')).toEqual(['http://m:1', 'http://n:2'])
  })
})

describe('the flags of the journal', () => {
  it('count more than the environment, and an unknown one is refused', () => {
    const env = { DATABASE_URL: 'postgres://x', UNSAFE_NATS: 'false' }
    expect(readJournalConfig(env, ['--unsafe-nats'])).toMatchObject({
      UNSAFE_NATS: true,
      UNSAFE_DATABASE: false,
    })
    expect(() => readJournalConfig(env, ['--unsafe-everything'])).toThrow(/--unsafe-database, --unsafe-nats/)
  })
})

/** Does not end the run: the journal is to end by itself. */
const never = () => new Promise<void>(() => {})

async function ownCluster(test: TestContext, settings: Record<string, string>) {
  const postgres = await startLocalPostgres({ settings })
  return postgres ?? test.skip('there is no Postgres on this machine to make a cluster with')
}

function envOf(databaseUrl: string | undefined, nats: { url: string; monitorUrl: string }) {
  return { DATABASE_URL: databaseUrl ?? '', NATS_URL: nats.url, NATS_MONITOR_URL: nats.monitorUrl }
}
