import type { Actor, JournalEvent } from '@daybook/events'
import { CLOCKS_APART_MS } from './find-start.ts'

/** Which events a report is about. Instants are those of the journal's clock. */
export interface ReportFilter {
  /** From this instant on. */
  readonly since?: string
  /** Before this instant. */
  readonly until?: string
  readonly actor?: string
}

const kinds: readonly Actor['kind'][] = ['agent', 'user', 'service', 'schedule']

/** Whether an event is one of those; of an actor without a kind, any kind will do. */
export function isWanted({ recordedAt, actor }: JournalEvent, filter: ReportFilter): boolean {
  if (filter.since !== undefined && recordedAt < filter.since) return false
  if (filter.until !== undefined && recordedAt >= filter.until) return false
  return filter.actor === undefined || isActor(actor, filter.actor)
}

/** Whether nothing that is wanted can come after this event. */
export function isBehind({ recordedAt }: Pick<JournalEvent, 'recordedAt'>, { until }: ReportFilter): boolean {
  return until !== undefined && Date.parse(recordedAt) >= Date.parse(until) + CLOCKS_APART_MS
}

function isActor({ kind, id }: Actor, wanted: string): boolean {
  // An id may begin with the name of a kind and a colon, too.
  return wanted === id || (kinds.includes(kind) && wanted === `${kind}:${id}`)
}
