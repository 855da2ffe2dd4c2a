import type { Daybook, ReadRun } from '@daybook/client'
import { DaybookError } from '@daybook/errors'
import type { JournalEvent } from '@daybook/events'

/** What the server gives in one page. */
const PAGE_MAX = 1_024

/**
 * The events of a run, oldest first, up to where the run is now: one that goes on while it is read does not keep the audit
 * from coming to an end. Read from the journal itself, so that no read model can leave anything out. Throws `not-found`.
 */
export async function* readRun(
  daybook: Daybook,
  runId: string,
): AsyncGenerator<JournalEvent, void, undefined> {
  const stream = `run/${runId}`
  const { items } = await daybook.streamPage(stream, { reverse: true, limit: 1 }).catch(noSuchRun(runId))
  const last = items[0]?.seq ?? 0
  for await (const event of daybook.stream(stream, { limit: PAGE_MAX })) {
    if (event.seq <= last) yield event
    if (event.seq >= last) return
  }
}

function noSuchRun(runId: string): (error: unknown) => never {
  return (error) => {
    const isMissing =
      error instanceof DaybookError && (error.code === 'not-found' || error.code === 'invalid-stream')
    if (!isMissing) throw error
    throw new DaybookError('not-found', `There is no run ${runId}. See which there are: daybook run:list`)
  }
}

/** From where on the read model leaves the run out, if it does: the audit has it whole, and other commands have not. */
export async function parkedMark(daybook: Daybook, runId: string): Promise<ReadRun['parked'] | 'wholly'> {
  try {
    return (await daybook.runs.get(runId)).parked
  } catch (error) {
    if (!(error instanceof DaybookError)) throw error
    if (error.code === 'stream-parked') return 'wholly'
    // The read model has not come so far yet, and leaves nothing out.
    if (error.code === 'not-found') return undefined
    throw error
  }
}
