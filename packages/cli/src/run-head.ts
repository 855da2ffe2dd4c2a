import type { Daybook, ReadRun } from '@daybook/client'
import { DaybookError } from '@daybook/errors'
import type { JournalEvent } from '@daybook/events'

/** A run as of its last event. */
export interface RunHead {
  readonly run: ReadRun
  readonly last: JournalEvent
}

/** The run's state with its last journaled event in it, however far the read model is behind. Throws `not-found`. */
export async function summaryOf(daybook: Daybook, runId: string): Promise<RunHead> {
  const last = await lastEvent(daybook, runId)
  if (last === undefined)
    throw new DaybookError('not-found', `There is no run ${runId}. See which there are: daybook run:list`)
  const run = await daybook.runs.get(runId, { minPosition: last.position })
  return { run, last }
}

async function lastEvent(daybook: Daybook, runId: string): Promise<JournalEvent | undefined> {
  try {
    const page = await daybook.streamPage(`run/${runId}`, { reverse: true, limit: 1 })
    return page.items[0]
  } catch (error) {
    if (error instanceof DaybookError && (error.code === 'not-found' || error.code === 'invalid-stream'))
      return undefined
    throw error
  }
}
