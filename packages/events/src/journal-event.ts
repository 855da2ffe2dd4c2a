import { DaybookError } from '@daybook/errors'
import { type JournalEvent, journalEventSchema } from './envelope.ts'
import { Validator } from './validator.ts'

const journalEvents = new Validator(journalEventSchema)

/**
 * Takes a value that came from the journal, the bus or the tail for an event. Tolerant: a newer service may send fields
 * and types that this version does not know. It does not check the chain. Code: invalid-request.
 */
export function readJournalEvent(value: unknown): JournalEvent {
  if (journalEvents.check(value)) return value
  const { path, detail } = journalEvents.explain(value)
  throw new DaybookError('invalid-request', `The event${path} ${detail}; it does not come from a journal.`)
}
