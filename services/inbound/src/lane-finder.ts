import type { Database } from '@daybook/database'
import { openWorkFinder, type WorkFinder } from '@daybook/eventing'
import type { Logger } from '@daybook/runtime'
import type { ChangedLane } from './commands.ts'
import type { DueHead } from './due-heads.ts'
import { dueHeads, type Head, type WorkFilter } from './heads.ts'

/** Hands out conversations in which something is due to the callers of this instance. */
export type LaneFinder = WorkFinder<WorkFilter, Head, DueHead>

/** Starts to find work. It never throws: while the database does not answer, seekers wait. */
export function openLaneFinder<DB>({
  database,
  logger,
}: {
  readonly database: Database<DB>
  readonly logger: Logger
}): LaneFinder {
  return openWorkFinder<WorkFilter, Head, DueHead>({
    due: (filter, limit) => dueHeads(database, filter, limit),
    nameOf: nameOfLane,
    nameOfFilter: ({ tenant, work, source = '*', account = '*' }) => `${work} ${tenant} ${source} ${account}`,
    isMeant: (head, { tenant, work, source, account }) =>
      head.tenant === tenant &&
      head.work === work &&
      (source === undefined || head.source === source) &&
      (account === undefined || head.account === account),
    logger,
  })
}

/**
 * Tells whose turn it is in a conversation that this instance has just changed; the read model will tell later. Answers those
 * that nobody here was waiting for, and what is not to be taken up yet.
 */
export function knowHeads(
  finder: LaneFinder,
  { tenant, lane, at }: ChangedLane,
  heads: readonly DueHead[],
): DueHead[] {
  const names = (['messages', 'replies'] as const).map((work) => nameOfLane({ work, tenant, lane }))
  const due = heads.filter(({ state, dueAt }) => state === 'pending' && dueAt <= at)
  const left = finder.know(names, due)
  return heads.filter((head) => !due.includes(head) || left.includes(head))
}

function nameOfLane({ work, tenant, lane }: Pick<Head, 'work' | 'tenant' | 'lane'>): string {
  return `${work} ${tenant} ${lane}`
}
