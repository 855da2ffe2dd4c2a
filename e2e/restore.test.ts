import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connectBus, topology } from '@daybook/bus'
import type { Daybook } from '@daybook/client'
import { openDatabase } from '@daybook/database'
import { foldRun, type JournalEvent } from '@daybook/events'
import {
  createTempFolder,
  type LocalPostgres,
  startLocalPostgres,
  startProcess,
  waitFor,
} from '@daybook/testing'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { expectSound } from '../services/journal/test/sound.ts'
import { type Deployment, deploy } from './deployment.ts'
import { runHistory } from './run-history.ts'

const timeoutMs = 60_000

/** As docs/restore.md says: each segment of the log is copied when it is full. */
function archiving(folder: string): Record<string, string> {
  const archive = join(folder, 'archive')
  return {
    archive_mode: 'on',
    archive_command: `mkdir -p ${archive} && cp %p ${archive}/%f`,
  }
}

/** A statement as the superuser of the cluster. */
async function ask<Row>(url: string, statement: string): Promise<Row | undefined> {
  await using database = openDatabase({ url, applicationName: 'operator', poolMax: 1 })
  return (await sql.raw<Row>(statement).execute(database.kysely)).rows[0]
}

/** Ends the segment of the log and waits until it is in the archive. */
async function archiveLog(adminUrl: string): Promise<void> {
  const segment = await ask<{ name: string }>(adminUrl, 'select pg_walfile_name(pg_switch_wal()) as name')
  await waitFor(
    async () => {
      const archiver = await ask<{ done: boolean }>(
        adminUrl,
        `select coalesce(last_archived_wal >= '${segment?.name}', false) as done from pg_stat_archiver`,
      )
      return archiver?.done
    },
    { timeoutMs, what: 'the log to be archived' },
  )
}

/** Puts the backup in the place of the cluster and brings it to the instant. The services are not told. */
async function restore(postgres: LocalPostgres, folder: string, instant: string): Promise<void> {
  await postgres.kill()
  await postgres.replaceData(join(folder, 'backup'))
  const settings = [
    `restore_command = 'cp ${join(folder, 'archive')}/%f %p'`,
    `recovery_target_time = '${instant}'`,
    `recovery_target_action = 'promote'`,
  ]
  await appendFile(join(postgres.dataFolder, 'postgresql.auto.conf'), `${settings.join('\n')}\n`)
  await writeFile(join(postgres.dataFolder, 'recovery.signal'), '')
  await postgres.restart()
}

async function appendRuns(daybook: Daybook, name: string, runs: number): Promise<number> {
  let position = 0
  for (let run = 0; run < runs; run += 1) {
    const { receipts } = await daybook.append(runHistory(daybook, `${name}-${run}`, 3))
    position = receipts.at(-1)?.position ?? position
  }
  return position
}

async function published(nats: Deployment['nats'], position: number): Promise<void> {
  await using bus = await connectBus({ servers: nats.url, name: 'operator', wait: true })
  await waitFor(
    async () => {
      const headers = (await bus.streamState('DAYBOOK_EVENTS').catch(() => undefined))?.lastMessage?.headers
      return Number(headers?.['Daybook-Position']) === position
    },
    { timeoutMs, what: `position ${position} in JetStream` },
  )
}

async function reasonOf(url: string, check: string): Promise<string | undefined> {
  const response = await fetch(`${url}/readyz`).catch(() => undefined)
  const answer: any = await response?.json()
  return answer?.checks[check]?.reason
}

async function isReady(url: string): Promise<boolean> {
  return (await fetch(`${url}/readyz`).catch(() => undefined))?.ok === true
}

async function raiseEra({ databaseUrl, nats }: Deployment): Promise<void> {
  await using era = await startProcess({
    command: process.execPath,
    args: [join(import.meta.dirname, '..', 'services', 'journal', 'dist', 'main.js'), 'era'],
    env: { DATABASE_URL: databaseUrl, NATS_URL: nats.url, LOG_LEVEL: 'warn' },
  })
  expect(await era.ended, era.output).toEqual({ code: 0, signal: null })
}

/** The positions of the stream's messages of an era, in the order of the stream. */
async function positionsOfEra(nats: Deployment['nats'], era: number, until: number): Promise<number[]> {
  const consumers = topology.consumers.flatMap(({ filter: _filter, ...consumer }) =>
    consumer.stream === 'DAYBOOK_EVENTS' ? [{ ...consumer, durable: 'restore-test' }] : [],
  )
  const servers = nats.url
  await using bus = await connectBus({
    servers,
    name: 'operator',
    wait: true,
    topology: { ...topology, consumers },
  })
  const positions: number[] = []
  await using _consumer = bus.consume(
    { stream: 'DAYBOOK_EVENTS', durable: 'restore-test' },
    async (batch) => {
      for (const { headers } of batch)
        if (headers['Daybook-Era'] === String(era)) positions.push(Number(headers['Daybook-Position']))
    },
  )
  await waitFor(() => positions.at(-1) === until, { timeoutMs, what: `the message of position ${until}` })
  return positions
}

async function expectFolded(daybook: Daybook, events: readonly JournalEvent[]): Promise<void> {
  const runs = await Array.fromAsync(daybook.runs.list({ limit: 1_000 }))
  const folded = [...Map.groupBy(events, ({ stream }) => stream).values()].map((history) => foldRun(history))
  const byId = (a: { runId: string }, b: { runId: string }) => a.runId.localeCompare(b.runId)
  expect(runs.toSorted(byId)).toEqual(folded.flatMap(({ run }) => run ?? []).toSorted(byId))
}

it('a journal that is restored to an earlier time under running services is noticed, announced, and whole again', async (test) => {
  await using folder = await createTempFolder()
  await using postgres =
    (await startLocalPostgres({ folder: folder.path, settings: archiving(folder.path) })) ??
    test.skip('there is no Postgres on this machine to make a cluster with')
  await using deployment = await deploy({ adminUrl: postgres.adminUrl })
  await using daybook = await deployment.connect()
  await appendRuns(daybook, 'before-backup', 5)
  const backup = ['--pgdata', join(folder.path, 'backup'), '--checkpoint', 'fast']
  await postgres.run('pg_basebackup', ['--dbname', postgres.adminUrl, ...backup])
  const kept = await appendRuns(daybook, 'after-backup', 5)
  const instant = await ask<{ now: string }>(postgres.adminUrl, 'select clock_timestamp()::text as now')
  const lost = await appendRuns(daybook, 'lost', 10)
  await published(deployment.nats, lost)
  await daybook.runs.get('lost-9', { minPosition: lost })
  await archiveLog(postgres.adminUrl)

  await restore(postgres, folder.path, instant?.now ?? '')

  const ended = new RegExp(`the journal ends at ${kept}|different events at position ${lost}`)
  for (const [url, check] of [
    [deployment.journalUrl, 'relay'],
    [deployment.projectionUrl, 'runs'],
  ] as const) {
    const found = await waitFor(async () => (await reasonOf(url, check)) || undefined, {
      timeoutMs,
      what: `${check} to notice the restore`,
    })
    await waitFor(async () => ended.test((await reasonOf(url, check)) ?? ''), {
      timeoutMs,
      what: `a reason instead of: ${found}`,
    })
    expect(await reasonOf(url, check)).toContain('argument "era"')
  }

  await raiseEra(deployment)
  const head = await appendRuns(daybook, 'after-restore', 7)
  expect(head).toBe(kept + 7 * 8)
  await daybook.runs.get('after-restore-6', { minPosition: head })
  await waitFor(() => isReady(deployment.journalUrl), { timeoutMs, what: 'the journal to be ready' })
  await waitFor(() => isReady(deployment.projectionUrl), { timeoutMs, what: 'the projection to be ready' })

  const events = await Array.fromAsync(daybook.events({ limit: 1_000 }))
  expect(events).toHaveLength(head)
  expectSound(events)
  expect(events.some(({ stream }) => stream.startsWith('run/lost'))).toBe(false)
  await expectFolded(daybook, events)
  expect(await positionsOfEra(deployment.nats, 2, head)).toEqual(events.map(({ position }) => position))
}, 240_000)
