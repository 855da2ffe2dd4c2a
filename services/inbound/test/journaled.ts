import type { JournalEvent } from '@daybook/events'
import { expect } from 'vitest'
import { ask } from '../../../packages/eventing/test/ask.ts'
import type { Entry } from '../../../packages/eventing/test/journal-fixture.ts'
import { keyIn, PLACE, type Place } from './message-entries.ts'
import type { ServiceFixture } from './service-fixture.ts'

const WAIT_MS = 10_000

/** Each test has conversations of its own. */
export function inConversation(conversation: string, rest: Partial<Place> = {}): Place {
  return { ...PLACE, conversation, ...rest }
}

/** Has the journal take the entries in, and waits until they are in the read model. */
export async function appendAndWait(
  { journal, service }: ServiceFixture,
  ...entries: Entry[]
): Promise<JournalEvent[]> {
  const events = await journal.append(...entries)
  expect(await service.messages.waitFor(events.at(-1)?.position ?? 0, WAIT_MS)).toBe(true)
  return events
}

/** What is answered when a message is asked for. */
export async function show(fixture: ServiceFixture, messageId: string, place: Place): Promise<any> {
  return (await ask(fixture, `/v1/inbound/messages/${keyIn(messageId, place)}`)).body
}
