import { createDatabase } from '@daybook/testing'
import { graphileWorker, installGraphileWorker } from './graphile-worker.ts'
import { installPgBossQueues, pgBossInbound } from './pg-boss.ts'
import type { InboundScenario } from './scenario.ts'

/** Each peer in a database of its own. */
export async function installPeers(url: string): Promise<AsyncDisposable & { scenarios: InboundScenario[] }> {
  await using stack = new AsyncDisposableStack()
  const boss = stack.use(await createDatabase(url))
  await installPgBossQueues(boss.url)
  const jobs = stack.use(await createDatabase(url))
  await installGraphileWorker(jobs.url)
  const installed = stack.move()
  return {
    scenarios: [
      pgBossInbound(boss.url, 'standard'),
      pgBossInbound(boss.url, 'key_strict_fifo'),
      graphileWorker(jobs.url, 'none'),
      graphileWorker(jobs.url, 'by-conversation'),
    ],
    [Symbol.asyncDispose]: () => installed.disposeAsync(),
  }
}
