import type { AuditEntry } from '@daybook/events'
import { csvLine } from '../csv.ts'

/** The columns of a trail, in JSON as well as here under the names of the entry's members. */
const columns = [
  'position',
  'stream',
  'seq',
  'eventId',
  'occurredAt',
  'recordedAt',
  'actorKind',
  'actorId',
  'type',
  'runId',
  'effectId',
  'outcome',
  'durationMs',
  'text',
  'fault',
  'erasureId',
] as const

/** The first line. */
export const csvHeader: string = csvLine(columns)

/** One entry of a trail as a line. */
export function csvOf(entry: AuditEntry): string {
  const cells = { ...entry, actorKind: entry.actor.kind, actorId: entry.actor.id }
  return csvLine(columns.map((name) => cells[name]))
}
