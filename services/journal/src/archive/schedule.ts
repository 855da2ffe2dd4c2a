import type { Logger } from '@daybook/runtime'
import type { Archiver } from './archiver.ts'

/** Runs are archived by the day, so an hour more or less is nothing. */
const EVERY_MS = 60 * 60_000
/** Between two looks at whether to stop. */
const RUNS_AT_ONCE = 20
const DAY_MS = 86_400_000

/** Archives what is old enough, until there is no more of it. Answers how many runs. Errors: `unavailable`. */
export async function archiveAll(
  archiver: Archiver,
  { afterDays, isStopped }: { afterDays: number; isStopped: () => boolean },
): Promise<number> {
  const before = new Date(Date.now() - afterDays * DAY_MS)
  let archived = 0
  for (let more = true; more && !isStopped(); ) {
    const round = await archiver.run({ before, limit: RUNS_AT_ONCE })
    archived += round.archived
    more = round.more
  }
  return archived
}

/** Archives what is old enough, at once and then every hour. What fails is tried again in the next round. */
export function startArchiving(archiver: Archiver, afterDays: number, logger: Logger): AsyncDisposable {
  let stopped = false
  const round = async (): Promise<void> => {
    try {
      await archiveAll(archiver, { afterDays, isStopped: () => stopped })
    } catch (error) {
      logger.error({ err: error }, 'runs could not be archived; they stay in the database')
    }
  }
  let running = round()
  const timer = setInterval(() => {
    running = running.then(round)
  }, EVERY_MS)
  return {
    async [Symbol.asyncDispose]() {
      stopped = true
      clearInterval(timer)
      await running
    },
  }
}
