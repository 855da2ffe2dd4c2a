import { checksumOf, FIRST_PREV, hashOf } from '../src/chain.ts'
import type { JournalEvent } from '../src/envelope.ts'
import { createUlids } from '../src/id.ts'
import { canonicalJson } from '../src/json/canonical.ts'

const nextId = createUlids()

type Given = Partial<JournalEvent> & Pick<JournalEvent, 'type' | 'data'>

/** Chains events as the journal does: seq, checksum, prev and hash are computed, the rest can be given. */
export function journalOf(stream: string, given: readonly Given[]): JournalEvent[] {
  let prev = FIRST_PREV
  return given.map((fields, index) => {
    const seq = index + 1
    const at = new Date(Date.UTC(2026, 10, 21, 8, 0, seq)).toISOString()
    const header = {
      id: nextId(),
      tenant: 'main',
      stream,
      v: 1,
      actor: { kind: 'agent' as const, id: 'bot-1' },
      occurredAt: at,
      recordedAt: at,
      ...fields,
      seq,
      prev,
      checksum: checksumOf(canonicalJson(fields.data)),
    }
    const event = { ...header, position: seq, hash: hashOf(header) }
    prev = event.hash
    return event
  })
}

/** A journal with one event. */
export function eventOf(stream: string, given: Given): JournalEvent {
  const [event] = journalOf(stream, [given])
  if (event === undefined) throw new Error('one event was given, so one came back')
  return event
}
