import { type Job, PgBoss } from 'pg-boss'
import { type CronPeer, expressionOf, type PeerDue, type PeerEvents, scheduleName } from './peer.ts'

const QUEUE = 'reports'

interface Payload {
  schedule: string
}

/**
 * The least that it takes, 1 to 45: it looks for what is due each second, and each second forwards up to fifty of what it
 * found to the queue where it is worked off.
 */
const EVERY_SECONDS = 1

/** What is in the queue is worked off as soon as NOTIFY tells of it, and without a pause while there is more. */
const WORK = { batchSize: 100, localConcurrency: 2, pollingIntervalSeconds: 0.5, burstWhenBatchFull: true }

/** `schedule`, with as many instances as there would be processes: each forwards by itself. */
export function pgBossCron(url: string, instances: number): CronPeer {
  return {
    name: instances === 1 ? 'pg-boss' : `pg-boss-${instances}`,
    label: instances === 1 ? 'pg-boss' : `pg-boss, ${instances} instances`,
    packageName: 'pg-boss',
    lacks: [
      'seconds: it knows minutes',
      'a record of each slot: that it was skipped, or missed (what is a minute old is dropped, or the last one made up for)',
      'what happens while the last run has not ended, and runs that are held, made up for in order, or replaced',
    ],
    open: (due, on) => openBosses({ url, instances }, due, on),
  }
}

async function openBosses(
  { url, instances }: { url: string; instances: number },
  due: PeerDue,
  on: PeerEvents,
): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  const bosses: PgBoss[] = []
  for (let started = 0; started < instances; started += 1)
    bosses.push(stack.adopt(await startBoss(url, on), (boss) => boss.stop({ graceful: false, close: true })))
  const [first] = bosses
  await first?.createQueue(QUEUE, { notify: true })
  for (let index = 0; index < due.schedules; index += 1) {
    const schedule = scheduleName(index)
    await first?.schedule(QUEUE, expressionOf(due), { schedule }, { key: schedule })
  }
  const handler = async (jobs: Job<Payload>[]): Promise<void> => {
    for (const { data } of jobs) on.started(data.schedule)
  }
  for (const boss of bosses) await boss.work<Payload>(QUEUE, WORK, handler)
  return stack.move()
}

async function startBoss(url: string, on: PeerEvents): Promise<PgBoss> {
  // Without its housekeeping, which would only slow it down.
  const boss = new PgBoss({
    connectionString: url,
    supervise: false,
    schedule: true,
    cronMonitorIntervalSeconds: EVERY_SECONDS,
    cronWorkerIntervalSeconds: EVERY_SECONDS,
    useListenNotify: true,
  })
  boss.on('error', (error) => on.failed(error))
  return await boss.start()
}
