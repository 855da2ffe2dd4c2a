import type { Decider } from '@daybook/eventing'
import {
  decideSession,
  evolveSession,
  linkedRunIdOf,
  type SessionCommand,
  type SessionToDecide,
} from '@daybook/events'

/** The rules of sessions as the decider loop takes them. */
export const sessionDecider: Decider<SessionToDecide, SessionCommand> = {
  initial: { session: undefined, links: new Map() },
  evolve: ({ session, links }, event) => {
    const runId = linkedRunIdOf(event)
    const link = runId === undefined ? undefined : links.get(runId)
    const after = evolveSession({ session, link }, event)
    return {
      session: after.session,
      links:
        after.link === link || after.link === undefined
          ? links
          : new Map(links).set(after.link.runId, after.link),
    }
  },
  decide: decideSession,
}
