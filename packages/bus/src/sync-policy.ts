import { fieldOf } from './field.ts'

/**
 * When a NATS server has what it acknowledges on its disk: `always` before it acknowledges, `later` by a timer (its
 * default, two minutes), `unknown` when nobody could be asked.
 */
export type SyncPolicy = { policy: 'always' | 'later' } | { policy: 'unknown'; reason: string }

/** A monitor in the same network answers in a millisecond. */
const MONITOR_TIMEOUT_MS = 2_000

/**
 * Asks the monitoring endpoints (`http://nats:8222`, of each server one) how the server of that id syncs its streams.
 * No client may ask this over NATS itself, except one of the system account, which Daybook does not need otherwise.
 * Never throws.
 */
export async function readSyncPolicy(monitorUrls: readonly string[], serverId: string): Promise<SyncPolicy> {
  const answers = await Promise.all(monitorUrls.map(askMonitor))
  const ours = answers.find((answer) => answer.serverId === serverId)
  if (ours !== undefined) return { policy: ours.syncAlways === true ? 'always' : 'later' }
  const failed = answers.find((answer) => answer.failure !== undefined)
  return {
    policy: 'unknown',
    reason: failed?.failure ?? `no server behind ${monitorUrls.join(', ')} is the one that is connected`,
  }
}

interface MonitorAnswer {
  serverId?: unknown
  syncAlways?: unknown
  failure?: string
}

async function askMonitor(url: string): Promise<MonitorAnswer> {
  try {
    const response = await fetch(new URL('/jsz?config=true', url), {
      signal: AbortSignal.timeout(MONITOR_TIMEOUT_MS),
    })
    if (!response.ok) return { failure: `${url} answers ${response.status}` }
    const answer: unknown = await response.json()
    const config = fieldOf(answer, 'config')
    return { serverId: fieldOf(answer, 'server_id'), syncAlways: fieldOf(config, 'sync_always') }
  } catch {
    return { failure: `${url} does not answer` }
  }
}
