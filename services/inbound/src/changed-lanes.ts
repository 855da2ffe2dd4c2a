import type { Clock, Database } from '@daybook/database'
import type { Projection } from '@daybook/eventing'
import type { Logger } from '@daybook/runtime'
import type { ChangedLane } from './commands.ts'
import { type DueHead, readLanes } from './due-heads.ts'
import { ownHeads } from './own-heads.ts'

export interface ChangedLanesParts<DB> {
  readonly database: Database<DB>
  readonly projection: Pick<Projection<DB>, 'onAdvance'>
  readonly clock: Clock
  readonly logger: Logger
  /** What is due now because of a change: to be worked on, or, where it is a lease, to be settled. */
  readonly onDue: (head: DueHead) => void
  /** When something is due later. */
  readonly onLater: (dueAt: string) => void
  /** Whose turn it is in a conversation, as soon as this instance knows; answers those that nobody has taken at once. */
  readonly onHeads: (changed: ChangedLane, heads: readonly DueHead[]) => readonly DueHead[]
}

/** Follows what this instance changes: it knows whose turn it is then, or waits until the read model tells. */
export interface ChangedLanes extends AsyncDisposable {
  note(changed: ChangedLane): void
}

/** Many changes are looked up together; nobody waits for an offer who could not wait so much longer. */
const SPACING_MS = 10
/** Another instance may have applied the change, of which this one hears nothing. */
const LOOK_AGAIN_MS = 200
/** What is not in the read model by then, the sweeper finds. */
const GIVE_UP_MS = 10_000
const LANES_PER_LOOK = 500

/**
 * Whoever changes a conversation offers what has become due in it, so that each change is offered once, however many
 * instances there are. What is lost with an instance, the sweeper of another one offers.
 */
export function followChanges<DB>(parts: ChangedLanesParts<DB>): ChangedLanes {
  const noted = new Map<string, ChangedLane & { sinceMs: number }>()
  let timer: NodeJS.Timeout | undefined
  let looking: Promise<void> | undefined
  let isOver = false
  const lookIn = (ms: number): void => {
    if (isOver || noted.size === 0) return
    clearTimeout(timer)
    timer = setTimeout(() => {
      looking = look().finally(() => lookIn(LOOK_AGAIN_MS))
    }, ms)
    timer.unref()
  }
  const look = async (): Promise<void> => {
    const nowMs = performance.now()
    for (const [name, { sinceMs }] of noted) if (nowMs - sinceMs > GIVE_UP_MS) noted.delete(name)
    try {
      const lanes = await readLanes(parts.database, [...noted.values()].slice(0, LANES_PER_LOOK))
      const now = await parts.clock.now()
      for (const { tenant, lane, seq, heads } of lanes) {
        const name = `${tenant} ${lane}`
        if ((noted.get(name)?.seq ?? Number.POSITIVE_INFINITY) > seq) continue
        noted.delete(name)
        tellHeads(parts, heads, now)
      }
    } catch (error) {
      parts.logger.warn({ err: error }, 'what has become due cannot be read; the sweeper offers it')
    }
  }
  const stop = parts.projection.onAdvance(() => lookIn(SPACING_MS))
  return {
    note(changed) {
      const name = `${changed.tenant} ${changed.lane}`
      noted.delete(name)
      const heads = ownHeads(changed)
      if (heads !== undefined) {
        tellHeads(parts, parts.onHeads(changed, heads), changed.at)
      } else {
        noted.set(name, { ...changed, sinceMs: performance.now() })
        if (noted.size === 1) lookIn(LOOK_AGAIN_MS)
      }
    },
    async [Symbol.asyncDispose]() {
      isOver = true
      stop()
      clearTimeout(timer)
      await looking
    },
  }
}

function tellHeads<DB>(
  { onDue, onLater }: Pick<ChangedLanesParts<DB>, 'onDue' | 'onLater'>,
  heads: readonly DueHead[],
  now: string,
): void {
  for (const head of heads) {
    if (head.dueAt > now) onLater(head.dueAt)
    else onDue(head)
  }
}
