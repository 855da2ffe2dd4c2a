import type { Database } from '@daybook/database'
import { journalReader } from '@daybook/eventing'
import type { Metrics } from '@daybook/runtime'
import { findLastAnchoring } from '../store/anchorings.ts'
import type { JournalTables } from '../store/tables.ts'
import { findLastCheckpoint } from '../store/tree.ts'

/** How old the newest checkpoint is, and how many events wait for the next one: every service of the journal can tell. */
export function observeCheckpoints(metrics: Metrics, database: Database<JournalTables>): void {
  metrics.gauge({
    name: 'checkpoint_age_seconds',
    help: 'Since the newest checkpoint was signed. An idle journal needs no new one: see unsealed_events.',
    collect: async (gauge) => {
      const last = await findLastCheckpoint(database.kysely)
      if (last !== undefined) gauge.set(secondsSince(last.sealedAt))
    },
  })
  metrics.gauge({
    name: 'unsealed_events',
    help: 'Events that no checkpoint covers yet.',
    collect: async (gauge) => {
      const [head, last] = await Promise.all([
        journalReader(database.kysely).head(),
        findLastCheckpoint(database.kysely),
      ])
      gauge.set(head.position - (last?.size ?? 0))
    },
  })
}

/** The same, and how old what each anchor has is. */
export function observeSealing(
  metrics: Metrics,
  database: Database<JournalTables>,
  anchors: readonly string[],
): void {
  observeCheckpoints(metrics, database)
  if (anchors.length === 0) return
  metrics.gauge({
    name: 'anchor_age_seconds',
    labels: ['anchor'],
    help: 'Since an anchor took a checkpoint.',
    collect: async (gauge) => {
      for (const anchor of anchors) {
        const last = await findLastAnchoring(database, anchor)
        if (last !== undefined) gauge.set({ anchor }, secondsSince(last.anchoredAt))
      }
    },
  })
}

function secondsSince(date: Date): number {
  return Math.max(0, (Date.now() - date.getTime()) / 1_000)
}
