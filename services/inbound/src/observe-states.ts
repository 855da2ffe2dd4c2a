import type { Database } from '@daybook/database'
import { messageStates } from '@daybook/events'
import { type Metrics, sharedLook } from '@daybook/runtime'
import { listOldestAges, sumTotals } from './store/stats.ts'

/** So long a look is good for: what scrapes more often gets the same numbers. */
const FRESH_MS = 5_000
const REPLY = 'reply-'
const MESSAGE_STATES: ReadonlySet<string> = new Set(messageStates)

/** What is looked up when the metrics are read: it holds for the read model, not for this instance. */
export function observeStates(metrics: Metrics, database: Database<unknown>): void {
  const totals = sharedLook(() => sumTotals(database.kysely), FRESH_MS)
  const ages = sharedLook(() => listOldestAges(database.kysely), FRESH_MS)
  metrics.gauge({
    name: 'inbound_messages',
    help: 'Messages that the read model keeps, by their state.',
    labels: ['source', 'state'],
    collect: async (gauge) => {
      const states = (await totals()).filter(({ name }) => MESSAGE_STATES.has(name))
      for (const { source, name: state, total } of states) gauge.set({ source, state }, total)
    },
  })
  metrics.gauge({
    name: 'inbound_payloads',
    help: 'Payloads that the read model keeps; maxEntries bounds them for each tenant.',
    labels: ['source'],
    collect: async (gauge) => {
      const payloads = (await totals()).filter(({ name }) => name === 'payloads')
      for (const { source, total } of payloads) gauge.set({ source }, total)
    },
  })
  metrics.gauge({
    name: 'inbound_replies',
    help: 'Replies to the messages that the read model keeps, by their state.',
    labels: ['source', 'state'],
    collect: async (gauge) => {
      const replies = (await totals()).filter(({ name }) => name.startsWith(REPLY))
      for (const { source, name, total } of replies)
        gauge.set({ source, state: name.slice(REPLY.length) }, total)
    },
  })
  metrics.gauge({
    name: 'inbound_oldest_pending_seconds',
    help: 'For how long the oldest pending message has been there; no value where none is pending.',
    labels: ['source'],
    collect: async (gauge) => {
      gauge.reset()
      for (const { source, ageSeconds } of await ages()) gauge.set({ source }, ageSeconds)
    },
  })
}
