import { type JournalReader, streamEvents } from '@daybook/eventing'
import { evolveSession, type LinkedRun, linkedRunIdOf, type SessionSummary } from '@daybook/events'
import type { SessionKey } from './session-states.ts'

/** A session as its events make it, and how many they were. */
export interface FreshSession {
  session: SessionSummary | undefined
  links: Map<string, LinkedRun>
  events: number
}

/** By the same step as the read model, event by event. */
export async function foldSessionAfresh(
  journal: JournalReader,
  { sessionId, ...bounds }: SessionKey & { position: number; seqMax: number },
): Promise<FreshSession> {
  const fold: FreshSession = { session: undefined, links: new Map(), events: 0 }
  for await (const event of streamEvents(journal, { ...bounds, stream: `session/${sessionId}` })) {
    const runId = linkedRunIdOf(event)
    const link = runId === undefined ? undefined : fold.links.get(runId)
    const next = evolveSession({ session: fold.session, link }, event)
    fold.session = next.session
    if (next.link !== undefined) fold.links.set(next.link.runId, next.link)
    fold.events += 1
  }
  return fold
}
