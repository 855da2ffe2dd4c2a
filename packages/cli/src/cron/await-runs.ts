import { setTimeout as delay } from 'node:timers/promises'
import type { Daybook } from '@daybook/client'
import { DaybookError } from '@daybook/errors'
import { type CronRun, endedRunStates } from '@daybook/events'
import { EarlyExit, exitCodes } from '../failure.ts'
import type { Session } from '../session.ts'
import { runStateText } from './job-text.ts'

/** Often enough for an eye, and nothing for the server. */
const LOOK_MS = 1_000
const ended: ReadonlySet<string> = new Set(endedRunStates)

/**
 * Looks at runs of a job until all have ended, or the person has had enough, and tells of each that changes. Where the history
 * is a moment behind what was just decided, a run counts as not looked at yet.
 */
export async function awaitRuns(
  { remark, shell }: Session,
  daybook: Daybook,
  { name, runs }: { readonly name: string; readonly runs: readonly string[] },
): Promise<CronRun[]> {
  const found = new Map<string, CronRun>()
  for (let left = [...runs]; ; ) {
    for (const run of left) {
      const now = await daybook.cron.run(name, run).catch(unlessMissing)
      if (now === undefined) continue
      const text = runStateText(now)
      const before = found.get(run)
      found.set(run, now)
      if (before === undefined || runStateText(before) !== text) await remark(`${run}: ${text}`)
    }
    left = left.filter((run) => !ended.has(found.get(run)?.state ?? ''))
    if (left.length === 0 || shell.signal.aborted) return [...found.values()]
    // An abort ends the wait and is no failure.
    await delay(LOOK_MS, undefined, { signal: shell.signal }).catch(() => undefined)
  }
}

function unlessMissing(error: unknown): undefined {
  if (!(error instanceof DaybookError) || error.code !== 'not-found') throw error
}

/** Exit code 1 when one of them did not succeed. */
export function requireSuccess(runs: readonly CronRun[]): void {
  if (runs.some(({ state }) => state !== 'succeeded')) throw new EarlyExit(exitCodes.failed)
}
