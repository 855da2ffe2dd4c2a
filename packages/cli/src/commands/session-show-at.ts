import type { Daybook, SessionState } from '@daybook/client'
import type { LinkedRun } from '@daybook/events'
import { pastLines, standpointText } from '../past.ts'
import type { Session } from '../session.ts'
import { type Column, table } from '../table.ts'

/** Prints a session as it was, with the runs that were linked to it by then. Throws `not-found`. */
export async function printSessionAt(
  { json, colour, print, printJson }: Session,
  daybook: Daybook,
  { sessionId, moment }: { sessionId: string; moment: number | string },
): Promise<void> {
  const state = await daybook.sessions.state(sessionId, moment)
  if (json) return printJson({ sessionId, ...state, links: Object.fromEntries(state.links) })
  await print(pastLines(linesOf(sessionId, state)).join('\n'))
  const links = [...state.links.values()]
  if (links.length > 0) await print(`\n${table(links, columns, colour)}`)
}

function linesOf(sessionId: string, state: SessionState): [string, string][] {
  const { session, lastSeq } = state
  const lines: [string, string][] = [
    ['session', sessionId],
    ['as of', standpointText(state, lastSeq)],
  ]
  if (session === null) return [...lines, ['status', 'not started yet']]
  return [
    ...lines,
    ['key', session.sessionKey],
    ...(session.title === undefined ? [] : [['title', session.title] satisfies [string, string]]),
    ['status', session.status],
    ['of', session.principal],
    ['epoch', String(session.epoch)],
    ['branch', session.branchState],
    ['last', `${session.lastEventType} at ${session.updatedAt}`],
  ]
}

const columns: readonly Column<LinkedRun>[] = [
  { title: 'LINKED RUN', value: ({ runId }) => runId },
  { title: 'AT', value: ({ linkedAt }) => linkedAt },
  { title: 'EPOCH', align: 'right', value: ({ epoch }) => epoch },
]
