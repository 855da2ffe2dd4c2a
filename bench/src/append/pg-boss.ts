import { PgBoss } from 'pg-boss'
import { connectionsFor, countRows } from './pool.ts'
import { type SampleEvent, sampleEvents } from './sample-event.ts'
import type { Scenario, Session, Shape } from './scenario.ts'

const queue = 'events'

/** A job queue keeps no streams, no order and no chain; it is what many agents record their work in. */
export async function installPgBoss(url: string): Promise<void> {
  const boss = new PgBoss({ connectionString: url, supervise: false, schedule: false })
  await boss.start()
  await boss.createQueue(queue)
  await boss.stop({ graceful: false })
}

/** `send` for single events, `insert` for many. */
export function pgBoss(url: string): Scenario {
  return {
    name: 'pg-boss',
    packageName: 'pg-boss',
    label: 'pg-boss',
    open: (shape) => openSession(url, shape),
    count: () => countRows(url, 'select count(*) from pgboss.job where name = $1', [queue]),
  }
}

async function openSession(url: string, shape: Shape): Promise<Session> {
  // Without its housekeeping, which would only slow it down.
  const boss = new PgBoss({
    connectionString: url,
    max: connectionsFor(shape.callers),
    supervise: false,
    schedule: false,
    migrate: false,
  })
  boss.on('error', () => undefined)
  await boss.start()
  return {
    async append() {
      const events = sampleEvents(shape.eventsPerRequest)
      const [first] = events
      if (events.length === 1 && first !== undefined) await boss.send(queue, first)
      else await boss.insert(queue, events.map(jobOf))
    },
    [Symbol.asyncDispose]: () => boss.stop({ graceful: false, close: true }),
  }
}

function jobOf(data: SampleEvent): { data: SampleEvent } {
  return { data }
}
