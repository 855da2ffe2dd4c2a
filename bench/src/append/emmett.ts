import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql'
import { connectionsFor, countRows, openPool } from './pool.ts'
import { newUlid, type SampleEvent, sampleEvents } from './sample-event.ts'
import type { Scenario, Session, Shape } from './scenario.ts'

export async function installEmmett(url: string): Promise<void> {
  const store = getPostgreSQLEventStore(url)
  await store.schema.migrate()
  await store.close()
}

/** Emmett's `appendToStream`, which takes many events at once. */
export function emmett(url: string): Scenario {
  return {
    name: 'emmett',
    packageName: '@event-driven-io/emmett-postgresql',
    label: 'Emmett',
    open: (shape) => openSession(url, shape),
    count: () => countRows(url, 'select count(*) from emt_messages'),
  }
}

async function openSession(url: string, shape: Shape): Promise<Session> {
  const { pool, ...database } = await openPool(url, connectionsFor(shape.callers))
  const store = getPostgreSQLEventStore(url, {
    schema: { autoMigration: 'None' },
    connectionOptions: { pooled: true, pool },
  })
  const streams = Array.from({ length: shape.callers }, () => `run-${newUlid()}`)
  return {
    ...database,
    async append(caller) {
      const events = sampleEvents(shape.eventsPerRequest).map(toEmmett)
      await store.appendToStream(streams[caller]!, events)
    },
  }
}

function toEmmett(event: SampleEvent) {
  const { type, data, v, actor, occurredAt } = event
  return { type, data, metadata: { v, actor, occurredAt } }
}
