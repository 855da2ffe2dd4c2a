import { changeRunning, type TablesOwner } from '@daybook/eventing'
import type { InboundLimits } from '@daybook/events'
import { type Logger, startRounds } from '@daybook/runtime'
import type { QueryExecutorProvider } from 'kysely'
import { hasTooMuch, payloadsOver } from './retention.ts'
import { evictPayloads, listSources, removeFinished, type SourceKey } from './store/retention.ts'
import { addToTotals, entriesOf } from './store/totals.ts'

export interface MaintenanceParts<DB> {
  readonly tables: TablesOwner<DB>
  readonly limitsOf: (source: string) => InboundLimits
  readonly logger: Logger
  /** How often it looks. */
  readonly everyMs?: number
}

/** Of a source at its limit, what comes in a second goes beyond it: a look costs some rows for each source. */
const EVERY_MS = 5_000
/** Some 20 ms, as a batch of events takes. */
const STEP_MESSAGES = 500
/** What a round does for a source before it is the turn of the next one: more than comes in between two rounds. */
const STEPS_MAX = 40

/**
 * Keeps the read model within the limits of its sources: payloads beyond `maxEntries` go, those of the messages that were
 * finished first; and messages go that were finished longer ago than `retentionSeconds`. What is unfinished or dead stays.
 *
 * 1. It looks at what is in the tables and at nothing else, so any number of instances may do it, it may stop anywhere, and
 *    tables that were built anew get to the same.
 * 2. No events are applied during a step, so the totals are changed with the rows; and a step is short, so they need not
 *    wait for long.
 */
export function startMaintenance<DB>(parts: MaintenanceParts<DB>): AsyncDisposable {
  const { everyMs = EVERY_MS, logger } = parts
  return startRounds({
    everyMs,
    round: (signal) => clearAway(parts, signal),
    onFailure: (err) => logger.error({ err }, 'messages could not be cleared away; it is tried again'),
  })
}

/** One round through all sources. */
export async function clearAway<DB>(
  { tables, limitsOf }: Omit<MaintenanceParts<DB>, 'everyMs' | 'logger'>,
  signal: AbortSignal,
): Promise<void> {
  const sources = await listSources(tables.database.kysely)
  for (const source of sources.filter((each) => hasTooMuch(each, limitsOf(each.source)))) {
    let isMore = true
    for (let step = 0; isMore && step < STEPS_MAX && !signal.aborted; step += 1) {
      isMore = (await changeRunning(tables, (trx) => runStep(trx, source, limitsOf(source.source)))) === true
    }
  }
}

/** Answers whether anything went. 2 */
async function runStep(
  trx: QueryExecutorProvider,
  source: SourceKey,
  limits: InboundLimits,
): Promise<boolean> {
  const { retentionSeconds } = limits
  const removed = await removeFinished(trx, source, { retentionSeconds, count: STEP_MESSAGES })
  await addToTotals(trx, removed)
  const over = payloadsOver(await entriesOf(trx, source), limits)
  const evicted = over === 0 ? [] : await evictPayloads(trx, source, Math.min(over, STEP_MESSAGES))
  await addToTotals(trx, evicted)
  return removed.length > 0 || evicted.length > 0
}
