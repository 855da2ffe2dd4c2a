import { createUlids } from '@daybook/events'
import {
  createDatabase,
  findInstallation,
  mountSmallDisk,
  runSql,
  startLocalPostgres,
  waitFor,
} from '@daybook/testing'
import { describe, expect, it } from 'vitest'
import { asGateway, deploy } from './deployment.ts'
import { expectExact, expectFolded, readAll } from './exact.ts'
import { startLoad } from './load.ts'
import { runHistory } from './run-history.ts'

/** Room for a fresh cluster with its write-ahead log, and for some events. */
const POSTGRES_MIB = 200
const NATS_MIB = 32
const ALMOST_NOTHING = 1_048_576

const nextId = createUlids()

const hasPostgres = (await findInstallation()) !== undefined
const mayMount = await mountSmallDisk(1).then(async (disk) => {
  await disk?.[Symbol.asyncDispose]()
  return disk !== undefined
})

describe.skipIf(!mayMount)('Daybook on a full disk', () => {
  // Without `disk_full` among the failures that pass (packages/database), appends fail for good with `internal`.
  it.skipIf(!hasPostgres)(
    'refuses appends as unavailable while Postgres has no room, and goes on afterwards',
    async () => {
      await using disk = await mountSmallDisk(POSTGRES_MIB)
      if (disk === undefined) throw new Error('disks cannot be mounted any more')
      const settings = { max_wal_size: '64MB', min_wal_size: '32MB' }
      await using postgres = await startLocalPostgres({ folder: disk.path, settings })
      if (postgres === undefined) throw new Error('Postgres is not installed any more')
      const { url } = await createDatabase(postgres.adminUrl)
      await using deployment = await deploy({ databaseUrl: url })
      await using daybook = await deployment.connect()
      const load = startLoad(daybook, { writers: 4 })
      await waitFor(() => load.acknowledged.size > 100, { what: 'some appends', timeoutMs: 30_000 })
      await disk.fill(ALMOST_NOTHING)
      const refusal = await waitFor(() => refusalOf(deployment.journalUrl, load.acknowledged), {
        timeoutMs: 60_000,
        what: 'a refusal',
      })
      expect(refusal).toEqual({ status: 503, code: 'unavailable' })
      await disk.free()
      if (!(await isUp(postgres.adminUrl))) await postgres.restart()
      const goal = load.acknowledged.size + 100
      await waitFor(() => load.acknowledged.size > goal, { what: 'appends to go on', timeoutMs: 30_000 })
      await load.stop()
      await expectExact(deployment, daybook, load.acknowledged)
    },
    180_000,
  )

  it('appends and projects while JetStream has no room, and publishes it all afterwards', async () => {
    await using disk = await mountSmallDisk(NATS_MIB)
    if (disk === undefined) throw new Error('disks cannot be mounted any more')
    await using deployment = await deploy({ nats: { storeDir: `${disk.path}/jetstream` } })
    await using daybook = await deployment.connect()
    const load = startLoad(daybook, { writers: 2, runsMax: 20 })
    await waitFor(() => load.acknowledged.size > 100, { what: 'some appends', timeoutMs: 30_000 })
    await disk.fill(ALMOST_NOTHING / 16)
    await load.stop()
    const isRelayFailing = () => deployment.journal.output.includes('the relay starts over')
    // What the writers wrote may have been published before the disk was full.
    const appendOne = async () => {
      const { receipts } = await daybook.append(runHistory(daybook, `full-${nextId()}`, 0))
      for (const { id, position } of receipts) load.acknowledged.set(id, position)
      return isRelayFailing()
    }
    await waitFor(appendOne, { what: 'the relay to fail', timeoutMs: 30_000, everyMs: 50 })
    await expectFolded(daybook, await readAll(daybook))
    await disk.free()
    await deployment.nats.restart()
    await expectExact(deployment, daybook, load.acknowledged)
  }, 180_000)
})

/** What the journal answers to an append, if it refuses it; otherwise that is one more event with a receipt. */
async function refusalOf(
  journalUrl: string,
  acknowledged: Map<string, number>,
): Promise<{ status: number; code: unknown } | undefined> {
  const event = {
    id: nextId(),
    stream: 'run/probe',
    type: 'PROCESS_LOG',
    v: 1,
    data: { message: 'x'.repeat(100_000) },
  }
  const response = await fetch(`${journalUrl}/v1/events`, {
    method: 'POST',
    headers: { ...asGateway(), 'content-type': 'application/json' },
    body: JSON.stringify({ events: [event] }),
  })
  const answer: { code?: unknown; receipts?: { id: string; position: number }[] } = JSON.parse(
    await response.text(),
  )
  for (const { id, position } of answer.receipts ?? []) acknowledged.set(id, position)
  return response.ok ? undefined : { status: response.status, code: answer.code }
}

function isUp(adminUrl: string): Promise<boolean> {
  return runSql(adminUrl, 'select 1').then(
    () => true,
    () => false,
  )
}
