import type { Daybook, RunState } from '@daybook/client'
import type { Effect } from '@daybook/events'
import { pastLines, standpointText } from '../past.ts'
import type { Session } from '../session.ts'
import { type Column, table } from '../table.ts'

/** Prints where a run was, instead of where it is. Throws `not-found`. */
export async function printRunAt(
  { json, colour, print, printJson }: Session,
  daybook: Daybook,
  { runId, moment }: { runId: string; moment: number | string },
): Promise<void> {
  const state = await daybook.runs.state(runId, moment)
  const pending = [...state.effects.values()]
  if (json) return printJson({ runId, ...state, effects: Object.fromEntries(state.effects) })
  await print(pastLines(linesOf(runId, state)).join('\n'))
  if (pending.length > 0) await print(`\n${table(pending, columns, colour)}`)
}

function linesOf(runId: string, state: RunState): [string, string][] {
  const { run, lastSeq } = state
  const lines: [string, string][] = [
    ['run', runId],
    ['as of', standpointText(state, lastSeq)],
  ]
  if (run === null) return [...lines, ['status', 'not created yet']]
  const pending = Object.entries(run.pendingByKind).map(([kind, count]) => `${count} ${kind}`)
  return [
    ...lines,
    ['status', run.status],
    ['process', run.processId],
    ['pending', pending.length === 0 ? 'nothing' : pending.join(', ')],
    ['effects', String(run.effectsTotal)],
    ['last', `${run.lastEventType} at ${run.updatedAt}`],
    ...(run.endedAt === undefined ? [] : [['ended', run.endedAt] satisfies [string, string]]),
  ]
}

const columns: readonly Column<Effect>[] = [
  { title: 'PENDING', value: ({ effectId }) => effectId },
  { title: 'KIND', value: ({ kind }) => kind },
  { title: 'SINCE', value: ({ requestedAt }) => requestedAt },
  { title: 'LABEL', value: ({ label = '' }) => label },
]
