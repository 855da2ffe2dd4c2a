import type { Bus } from '@daybook/bus'
import type { Database } from '@daybook/database'
import { observeConsumers } from '@daybook/eventing'
import { type Metrics, sharedLook } from '@daybook/runtime'
import { observeCheckpoints } from './seal/observe.ts'
import type { JournalTables } from './store/tables.ts'
import { countOpenDeadLetters, readVitals } from './store/vitals.ts'

export interface ObservedJournal {
  metrics: Metrics
  database: Database<JournalTables>
  bus: Bus
}

/** What is looked up when the metrics are read: it holds for the journal, not for this instance. */
export function observeJournal({ metrics, database, bus }: ObservedJournal): void {
  const vitals = sharedLook(() => readVitals(database))
  metrics.gauge({
    name: 'journal_head_position',
    help: 'The last position of the journal.',
    collect: async (gauge) => gauge.set((await vitals()).head),
  })
  metrics.gauge({
    name: 'relay_lag_positions',
    help: 'Positions between the head of the journal and what the relay has published.',
    collect: async (gauge) => {
      const { head, relayed } = await vitals()
      gauge.set(Math.max(0, head - relayed))
    },
  })
  metrics.gauge({
    name: 'partition_positions_ahead',
    help: 'Positions beyond the head for which there is a partition already.',
    collect: async (gauge) => {
      const { head, room } = await vitals()
      gauge.set(room - head)
    },
  })
  metrics.gauge({
    name: 'dead_letters_open',
    help: 'Dead letters that were neither requeued nor dismissed.',
    labels: ['source'],
    collect: async (gauge) => {
      for (const { source, open } of await countOpenDeadLetters(database)) gauge.set({ source }, open)
    },
  })
  observeCheckpoints(metrics, database)
  observeConsumers(metrics, bus, [{ stream: 'DAYBOOK_QUEUE', durable: 'journal-queue' }])
}
