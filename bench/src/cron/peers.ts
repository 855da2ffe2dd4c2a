import { createDatabase } from '@daybook/testing'
import { graphileWorkerCron } from './graphile-worker.ts'
import { Heard } from './heard.ts'
import { latenessOf, tallyOf } from './lateness.ts'
import { type CronPeer, scheduleName } from './peer.ts'
import { pgBossCron } from './pg-boss.ts'
import type { PeersPlan } from './plan.ts'
import type { CronResult } from './result.ts'
import { perThousand, watch } from './watch.ts'

/** Each in a database of its own. */
export async function installPeers(
  url: string,
  { bossInstances }: PeersPlan,
): Promise<AsyncDisposable & { peers: CronPeer[] }> {
  await using stack = new AsyncDisposableStack()
  const peers: CronPeer[] = []
  for (const instances of bossInstances)
    peers.push(pgBossCron(stack.use(await createDatabase(url)).url, instances))
  peers.push(graphileWorkerCron(stack.use(await createDatabase(url)).url))
  const installed = stack.move()
  return { peers, [Symbol.asyncDispose]: () => installed.disposeAsync() }
}

/** Within which a peer makes its schedules; a thousand take two seconds here. */
const READY_MS = 15_000
const MINUTE_MS = 60_000
/** What has not started by then is missing: the next minute begins soon. */
const GIVE_UP_MS = 50_000

/** How late a peer's handlers start, from the minutes at which their schedules are due. */
export async function measurePeer(
  peer: CronPeer,
  { schedules, minutes }: PeersPlan,
  signal: AbortSignal,
): Promise<CronResult> {
  const firstMs = Math.ceil((Date.now() + READY_MS) / MINUTE_MS) * MINUTE_MS
  const dueMs = Array.from({ length: minutes }, (_, index) => firstMs + index * MINUTE_MS)
  const names = Array.from({ length: schedules }, (_, index) => scheduleName(index))
  const expected = new Map(dueMs.flatMap((due) => names.map((name) => [keyOf(name, due), due] as const)))
  const heard = new Heard()
  const starts: string[] = []
  const failed = new AbortController()
  const on = {
    started: (schedule: string) => {
      const key = keyOf(schedule, Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS)
      starts.push(key)
      heard.note(key)
    },
    failed: (error: unknown) => failed.abort(error),
  }
  const due = { schedules, minutes: dueMs.map((ms) => new Date(ms).getUTCMinutes()) }
  await using _working = await peer.open(due, on)
  const cpu = await watch(
    dueMs.map((ms) => ({ firstMs: ms, lastMs: ms })),
    { expected, heard, giveUpMs: GIVE_UP_MS, signal: AbortSignal.any([signal, failed.signal]) },
  )
  const late = [...expected].flatMap(([key, slot]) => {
    const at = heard.at(key)
    return at === undefined ? [] : [at - slot]
  })
  return {
    system: peer.name,
    measurement: 'minute',
    tally: tallyOf(expected, starts),
    others: [],
    heardAgain: heard.again,
    steps: [{ step: 'heard', ...latenessOf(late) }],
    cpu: perThousand(cpu, expected.size),
  }
}

/** A handler is not told which minute it is for; none of them takes a whole one. */
function keyOf(schedule: string, minuteMs: number): string {
  return `${schedule}:${minuteMs}`
}
