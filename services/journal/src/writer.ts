import type { Bus } from '@daybook/bus'
import { subjects } from '@daybook/events'
import type { Health } from '@daybook/runtime'
import { type Batcher, createBatcher } from './batcher.ts'
import { Leaves } from './leaves.ts'
import { observeAppends } from './observe.ts'
import type { JournalParts } from './service.ts'
import { createAppender } from './store/append.ts'
import { ensurePartitions, LEAF_POSITIONS } from './store/partitions.ts'
import { Tap } from './tap.ts'
import { traceAppends } from './trace-appends.ts'

/** The one path into the journal's table, and what has to hear of each commit. */
export interface Writer {
  batcher: Batcher
  tap: Tap
  leaves: Leaves
}

/** Disposing it finishes what waits and refuses what comes later. */
export async function openWriter(
  { database, appends, bus, logger, metrics, tracing, appendBudgetMs }: JournalParts,
  health: Health,
): Promise<Writer & AsyncDisposable> {
  const ensure = () => ensurePartitions(database, LEAF_POSITIONS)
  const leaves = await Leaves.open({ size: LEAF_POSITIONS, ensure, logger })
  health.addCheck('leaves', () => leaves.state())
  const tap = new Tap()
  const batcher = createBatcher({
    commit: createAppender(appends),
    onCommit: (added) => {
      const head = added.base + added.events.length
      tap.offer(added)
      signalHead(bus, head)
      leaves.reached(head)
    },
    ...observeAppends(metrics, logger, appendBudgetMs),
    ...(tracing && { onCommitted: traceAppends(tracing) }),
  })
  return { batcher, tap, leaves, [Symbol.asyncDispose]: () => batcher[Symbol.asyncDispose]() }
}

/** A hint to whoever waits for new events; the journal's table is the truth, so a lost hint costs a moment only. */
function signalHead(bus: Bus, position: number): void {
  if (bus.connected) bus.publish(subjects.head, String(position))
}
