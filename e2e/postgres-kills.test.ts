import { createDatabase, findInstallation, runSql, startLocalPostgres, waitFor } from '@daybook/testing'
import { describe, expect, it } from 'vitest'
import { startDeafProxy } from './deaf-proxy.ts'
import { asGateway, deploy } from './deployment.ts'
import { expectExact, expectFolded, readAll } from './exact.ts'
import { startLoad } from './load.ts'
import { runHistory } from './run-history.ts'

const WRITERS = 8
const KILLS = 20
/** Enough that both transactions that may be under way have had their turn. */
const APPENDS_BETWEEN = 100

/** A cluster of its own is killed here, which only an installed Postgres allows. */
const hasPostgres = (await findInstallation()) !== undefined

describe.skipIf(!hasPostgres)('Daybook whose Postgres dies', () => {
  // A batch whose outcome is unknown is run again with its ids looked up. Each defence alone may go (tried), since the
  // unique ids and the client's own second try stand behind it; the test below takes it without them.
  it(`loses and doubles nothing when the postmaster is killed ${KILLS} times under load`, async () => {
    await using postgres = await startLocalPostgres()
    if (postgres === undefined) throw new Error('Postgres is not installed any more')
    const { url } = await createDatabase(postgres.adminUrl)
    await using deployment = await deploy({ databaseUrl: url })
    await using daybook = await deployment.connect()
    const load = startLoad(daybook, { writers: WRITERS })
    for (let kills = 0; kills < KILLS; kills += 1) {
      const goal = load.acknowledged.size + APPENDS_BETWEEN
      await waitFor(() => load.acknowledged.size >= goal, { timeoutMs: 60_000, what: 'progress' })
      await postgres.kill()
      await postgres.restart()
    }
    const goal = load.acknowledged.size + APPENDS_BETWEEN
    await waitFor(() => load.acknowledged.size >= goal, { timeoutMs: 60_000, what: 'progress' })
    await load.stop()
    await expectExact(deployment, daybook, load.acknowledged)
  }, 300_000)

  // Without the second try of a batch (B2): `unavailable`.
  it('answers an append with its receipt when the answer to its commit was lost', async () => {
    await using postgres = await startLocalPostgres()
    if (postgres === undefined) throw new Error('Postgres is not installed any more')
    const direct = new URL((await createDatabase(postgres.adminUrl)).url)
    await using proxy = await startDeafProxy({ host: direct.hostname, port: Number(direct.port) })
    const proxied = Object.assign(new URL(direct), { port: String(proxy.port) })
    await using deployment = await deploy({ databaseUrl: proxied.href })
    await using daybook = await deployment.connect()
    const [created, ...others] = runHistory(daybook, 'unknown', 5)
    if (created === undefined) throw new Error('a history has a first event')
    await daybook.append(created)
    proxy.goDeaf()
    const answer = fetch(`${deployment.services.journal.url}/v1/events`, {
      method: 'POST',
      headers: { ...asGateway(), 'content-type': 'application/json' },
      body: JSON.stringify({ events: others }),
    })
    await waitFor(
      async () => {
        const [row] = await runSql(direct.href, 'select count(*)::int as events from journal.events')
        return row?.['events'] === 1 + others.length
      },
      { what: 'the commit' },
    )
    proxy.cut()
    const response = await answer
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({
      receipts: others.map(({ id }, index) => ({ id, position: index + 2, duplicate: true })),
    })
    await expectFolded(daybook, await readAll(daybook))
  }, 180_000)
})
