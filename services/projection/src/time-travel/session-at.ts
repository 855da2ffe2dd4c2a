import {
  diffLink,
  diffSession,
  type FoldedSession,
  foldSession,
  type JournalEvent,
  type LinkedRun,
  type PatchOperation,
} from '@daybook/events'
import { eventsBetween, type History } from './history.ts'
import { type Page, type PageBounds, type Place, pageOf } from './page.ts'

/** A session after the event of this seq: its events are few and small, so they are gone through from the first one on. */
export async function sessionAt(history: History, seq: number): Promise<FoldedSession> {
  const events: JournalEvent[] = []
  for await (const page of eventsBetween(history, { after: 0, upTo: seq })) events.push(...page)
  return foldSession(events)
}

/** A page of the runs that were linked, in the order in which they were. */
export function pageOfLinks(
  { links }: FoldedSession,
  bounds: PageBounds,
): Promise<Page<readonly [string, LinkedRun]>> {
  return pageOf(inOrder(links.values()), bounds, async (chunk) =>
    chunk.map(({ id }) => {
      const link = links.get(id)
      return link && ([id, link] as const)
    }),
  )
}

/** The patch of the session itself, without its links. */
export function sessionDifference(from: FoldedSession, to: FoldedSession): PatchOperation[] {
  return diffSession(from.session, to.session)
}

/** The patches of the links that differ, in the order in which the runs were linked. */
export function linkDifferences(
  from: FoldedSession,
  to: FoldedSession,
  bounds: PageBounds,
): Promise<Page<PatchOperation[]>> {
  const all = new Map([...from.links, ...to.links])
  return pageOf(inOrder(all.values()), bounds, async (chunk) =>
    chunk.map(({ id }) => {
      const patch = diffLink(id, from.links.get(id), to.links.get(id))
      return patch.length === 0 ? undefined : patch
    }),
  )
}

function inOrder(links: Iterable<LinkedRun>): Place[] {
  return [...links]
    .map(({ runId, linkedSeq }) => ({ id: runId, seq: linkedSeq }))
    .toSorted((a, b) => a.seq - b.seq)
}
