import { PgBoss } from 'pg-boss'
import { connectionsFor, countRows, runStatement } from '../append/pool.ts'
import { type SampleMessage, uuidOf } from './sample-message.ts'
import type { InboundScenario, InboundSession, SessionOptions, WorkEvents } from './scenario.ts'
import { Wake } from './wake.ts'

/** `standard` jobs, which know no order; or one at a time and in order for each conversation. */
type Policy = 'standard' | 'key_strict_fifo'

const queueOf = (policy: Policy): string => (policy === 'standard' ? 'messages' : 'conversations')

/** Completed jobs are never deleted, for their ids are what recognises a repetition. */
const KEPT_FOR_EVER = 0

export async function installPgBossQueues(url: string): Promise<void> {
  const boss = new PgBoss({ connectionString: url, supervise: false, schedule: false })
  await boss.start()
  for (const policy of ['standard', 'key_strict_fifo'] as const)
    await boss.createQueue(queueOf(policy), { policy, deleteAfterSeconds: KEPT_FOR_EVER })
  await boss.stop({ graceful: false })
}

/** The job's own id is made of the message's four names: its primary key recognises a repetition, for good. */
export function pgBossInbound(url: string, policy: Policy): InboundScenario {
  const isOrdered = policy === 'key_strict_fifo'
  const lacks = [
    'an answer for a repetition: that there is such a job, not what became of it',
    'repetitions and conflicts that are counted and kept',
    'a record of every step, with who took it',
  ]
  return {
    name: isOrdered ? 'pg-boss-ordered' : 'pg-boss',
    packageName: 'pg-boss',
    label: isOrdered ? 'pg-boss, strict order per key' : 'pg-boss',
    lacks: isOrdered ? lacks : ['order in a conversation', ...lacks],
    open: (options) => openSession(url, policy, options),
  }
}

async function openSession(
  url: string,
  policy: Policy,
  { callers }: SessionOptions,
): Promise<InboundSession> {
  await using stack = new AsyncDisposableStack()
  await runStatement(url, 'truncate pgboss.job')
  const boss = stack.adopt(await startBoss(url, callers), stopBoss)
  const queue = queueOf(policy)
  const wake = new Wake()
  const opened = stack.move()
  return {
    async receive(message) {
      const key = policy === 'standard' ? {} : { singletonKey: message.conversation }
      const id = await boss.send(queue, message, { id: uuidOf(message), ...key })
      wake.one()
      return id === null ? 'duplicate' : 'new'
    },
    work: (workers, on) => startWork({ url, queue, wake }, workers, on),
    count: () => countRows(url, 'select count(*) from pgboss.job where name = $1', [queue]),
    settle: () => runStatement(url, 'vacuum (analyze)'),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

async function startBoss(url: string, callers: number): Promise<PgBoss> {
  // Without its housekeeping, which would only slow it down.
  const boss = new PgBoss({
    connectionString: url,
    max: connectionsFor(callers),
    supervise: false,
    schedule: false,
    migrate: false,
  })
  boss.on('error', () => undefined)
  await boss.start()
  return boss
}

async function stopBoss(boss: PgBoss): Promise<void> {
  await boss.stop({ graceful: false, close: true })
}

/** Who fetch and complete, each in batches. More of them, or one alone, were no faster here. */
const TAKERS_MAX = 2

/**
 * Its own `work` asks every half a second at best. These fetch and complete in batches, and are told at once, for nothing,
 * when there is work: its best case.
 */
async function startWork(
  { url, queue, wake }: { url: string; queue: string; wake: Wake },
  workers: number,
  on: WorkEvents,
): Promise<AsyncDisposable> {
  const takers = Math.min(TAKERS_MAX, workers)
  const batchSize = Math.ceil(workers / takers)
  const boss = await startBoss(url, takers)
  const stopped = new AbortController()
  const take = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      const { version } = wake
      const jobs = await boss.fetch<SampleMessage>(queue, { batchSize })
      if (jobs.length === 0) {
        await wake.after(version)
        continue
      }
      if (jobs.length === batchSize) wake.one()
      for (const { data } of jobs) on.claimed(data)
      const ids = jobs.map(({ id }) => id)
      await boss.complete(queue, ids)
      for (const { data } of jobs) on.completed(data)
      // What is next in these conversations can be had now.
      wake.one()
    }
  }
  const loops = Array.from({ length: takers }, () => take().catch((error: unknown) => on.failed(error)))
  return {
    async [Symbol.asyncDispose]() {
      stopped.abort()
      wake.all()
      await Promise.all(loops)
      await stopBoss(boss)
    },
  }
}
