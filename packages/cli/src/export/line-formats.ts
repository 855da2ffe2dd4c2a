import type { JournalEvent } from '@daybook/events'
import { type Cell, csvLine } from '../csv.ts'
import { unwrapped } from '../tape-entry.ts'

/** One event a line, as the journal has it: with its hash and the one before it, so that the lines can be verified. */
export async function* jsonLines(events: AsyncIterable<JournalEvent>): AsyncGenerator<string> {
  for await (const event of events) yield `${JSON.stringify(event)}\n`
}

const columns: readonly (readonly [name: string, value: (event: JournalEvent) => Cell])[] = [
  ['seq', ({ seq }) => seq],
  ['position', ({ position }) => position],
  ['id', ({ id }) => id],
  ['type', (event) => unwrapped(event).type],
  ['occurredAt', ({ occurredAt }) => occurredAt],
  ['recordedAt', ({ recordedAt }) => recordedAt],
  ['actorKind', ({ actor }) => actor.kind],
  ['actorId', ({ actor }) => actor.id],
  ['effectId', (event) => text(event, 'effectId')],
  ['kind', (event) => text(event, 'kind')],
  ['label', (event) => text(event, 'label')],
  ['status', (event) => text(event, 'status')],
  ['erasedBy', ({ erased }) => erased?.erasureId],
  ['checksum', ({ checksum }) => checksum],
  ['prev', ({ prev }) => prev],
  ['hash', ({ hash }) => hash],
  ['data', (event) => (event.erased === undefined ? JSON.stringify(unwrapped(event).data) : undefined)],
]

/** One event a line of CSV (RFC 4180), under a line of names. */
export async function* csvLines(events: AsyncIterable<JournalEvent>): AsyncGenerator<string> {
  yield csvLine(columns.map(([name]) => name))
  for await (const event of events) yield csvLine(columns.map(([, value]) => value(event)))
}

function text(event: JournalEvent, name: string): Cell {
  const value = unwrapped(event).data[name]
  return typeof value === 'string' ? value : undefined
}
