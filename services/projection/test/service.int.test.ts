import { readdir } from 'node:fs/promises'
import { migrate } from '@daybook/database'
import { itWithServer, startNats, waitFor } from '@daybook/testing'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { createJournalFixture } from '../../../packages/eventing/test/journal-fixture.ts'
import { projectionMigrations } from '../src/service.ts'
import { completed, created, requested, resolved } from './run-entries.ts'
import { openService } from './service-fixture.ts'

describe('the projection service', () => {
  it('follows the relay', async () => {
    await using nats = await startNats()
    await using fixture = await openService({ natsUrl: nats.url })
    await waitFor(() => fixture.bus.connected, { what: 'the bus' })
    await fixture.bus.ensureTopology()
    const events = await fixture.journal.append(
      created('r'),
      requested('r', 'e'),
      resolved('r', 'e'),
      completed('r'),
    )
    await fixture.journal.relay(fixture.bus, events)
    await waitFor(() => fixture.service.runs.position === 4, { what: 'position 4' })
    expect((await fixture.get('/v1/runs/r')).body.status).toBe('completed')
  })

  it('catches up and is ready while NATS is down', async () => {
    await using fixture = await openService({ compareMs: 20 })
    await fixture.journal.append(created('r'), requested('r', 'e'))
    await waitFor(async () => (await fixture.get('/v1/runs/r')).status === 200, { what: 'the run' })
    await waitFor(async () => (await fixture.get('/readyz')).status === 200, { what: 'readiness' })
    expect((await fixture.get('/readyz')).body.checks['bus']).toMatchObject({
      ok: true,
      detail: expect.stringContaining('NATS is away'),
    })
  })

  it('is not ready while it is too far behind, and says why', async () => {
    await using fixture = await openService({ lagMax: -1 })
    await fixture.service.runs.waitFor(0, 0)
    const reason = await waitFor(async () => (await fixture.get('/readyz')).body.checks['runs']?.reason, {
      what: 'a reason',
    })
    expect(reason).toMatch(/behind the journal|not looked at the journal/)
  })

  it('counts what it does', async () => {
    await using fixture = await openService()
    await fixture.journal.append(created('r'), requested('r', 'e'))
    await fixture.service.runs.waitFor(2, 10_000)
    const { text } = await fixture.get('/metrics')
    expect(text).toMatch(/daybook_projection_events_total\{[^}]*projection="runs"[^}]*\} 2\n/)
    await waitFor(
      async () => /daybook_projection_position\{[^}]*\} 2\n/.test((await fixture.get('/metrics')).text),
      {
        what: 'the position among the metrics',
      },
    )
  })

  it('describes its routes', async () => {
    await using fixture = await openService()
    const { text } = await fixture.get('/openapi.json')
    const paths = Object.keys(JSON.parse(text).paths).toSorted()
    const rooms = new Set(paths.map((path) => path.split('/')[2]))
    expect(rooms).toEqual(
      new Set(['approvals', 'effects', 'events', 'projections', 'runs', 'sessions', 'streams']),
    )
    expect(paths.filter((path) => path.startsWith('/v1/sessions'))).toEqual([
      '/v1/sessions',
      '/v1/sessions/resolve',
      '/v1/sessions/{id}',
      '/v1/sessions/{id}/archive',
      '/v1/sessions/{id}/branch',
      '/v1/sessions/{id}/diff',
      '/v1/sessions/{id}/link',
      '/v1/sessions/{id}/rename',
      '/v1/sessions/{id}/reset',
      '/v1/sessions/{id}/runs',
      '/v1/sessions/{id}/state',
    ])
  })

  it('refuses to start before its tables are there', async () => {
    await using journal = await createJournalFixture()
    await expect(openService({ database: () => journal.database })).rejects.toMatchObject({
      code: 'migration-failed',
    })
  })

  itWithServer('needs no more rights than its role has', async () => {
    await using fixture = await openService({
      database: (journal) => journal.openAs('daybook_projection'),
      compareMs: 20,
    })
    await fixture.journal.append(created('r'), created('foreign', {}, 'other'))
    expect(await fixture.service.runs.waitFor(2, 10_000)).toBe(true)
    expect((await fixture.get('/v1/runs')).body.runs).toHaveLength(1)
    expect((await fixture.get('/v1/events')).body.events).toHaveLength(1)
    await fixture.journal.setEra(2)
    await waitFor(
      async () => {
        const { rows } = await sql<{ era: number; position: number }>`
          select era, position from projection.checkpoints`.execute(fixture.journal.database.kysely)
        return rows[0]?.era === 2 && rows[0].position === 2
      },
      { what: 'the rebuild in the new era' },
    )
    expect((await fixture.get('/v1/runs/r')).status).toBe(200)
  })
})

describe('the migrations', () => {
  it('run once, on a database whose journal has events already', async () => {
    await using journal = await createJournalFixture()
    await journal.append(created('r'))
    const applied = await migrate(journal.database, projectionMigrations)
    expect(applied).toEqual((await readdir(projectionMigrations.directory)).toSorted())
    expect(await migrate(journal.database, projectionMigrations)).toEqual([])
  })
})
