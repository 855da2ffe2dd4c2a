import { setTimeout as pause } from 'node:timers/promises'
import type { Database } from '@daybook/database'
import type { Logger } from '@daybook/runtime'
import { findLastAnchoring, keepAnchoring } from '../../store/anchorings.ts'
import type { JournalTables } from '../../store/tables.ts'
import { findLastCheckpoint } from '../../store/tree.ts'
import type { Anchor } from './anchor.ts'

/** The first pause after a failure; each next one is twice as long, up to the interval. */
const RETRY_MS = 1_000

export interface AnchoringOptions {
  readonly database: Database<JournalTables>
  readonly anchor: Anchor
  /** The newest checkpoint is taken there so often. The ones between need not be: a later one vouches for them. */
  readonly intervalMs: number
  readonly logger: Logger
}

/** Takes checkpoints to one anchor until it is disposed. Sealing never waits for it. */
export function startAnchoring(options: AnchoringOptions): AsyncDisposable {
  const controller = new AbortController()
  const running = run(options, controller.signal)
  return {
    async [Symbol.asyncDispose]() {
      controller.abort()
      await running
    },
  }
}

async function run(options: AnchoringOptions, signal: AbortSignal): Promise<void> {
  const { anchor, intervalMs, logger } = options
  let retryMs = RETRY_MS
  while (!signal.aborted) {
    let waitMs = intervalMs
    try {
      const isNew = await anchorNewest(options, signal)
      // As long as there is nothing to take, a look is cheap, and the first checkpoint should not wait.
      if (!isNew) waitMs = Math.min(RETRY_MS, intervalMs)
      retryMs = RETRY_MS
    } catch (error) {
      if (signal.aborted) return
      logger.warn(
        { err: error, anchor: anchor.name },
        'a checkpoint could not be anchored; it is tried again',
      )
      waitMs = Math.min(retryMs, intervalMs)
      retryMs *= 2
    }
    await pause(waitMs, undefined, { signal }).catch(() => {})
  }
}

async function anchorNewest(
  { database, anchor, logger }: AnchoringOptions,
  signal: AbortSignal,
): Promise<boolean> {
  const checkpoint = await findLastCheckpoint(database.kysely)
  if (checkpoint === undefined) return false
  const last = await findLastAnchoring(database, anchor.name)
  if (last !== undefined && last.size >= checkpoint.size) return false
  const place = await anchor.put(checkpoint, signal)
  await keepAnchoring(database, { anchor: anchor.name, size: checkpoint.size, place })
  logger.info({ anchor: anchor.name, size: checkpoint.size, place }, 'a checkpoint was anchored')
  return true
}
