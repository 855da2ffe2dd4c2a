import type { ReadRun } from '@daybook/client'
import type { RunSummary } from '@daybook/events'
import type { Command } from 'commander'
import { printable } from '../printable.ts'
import { type RunHead, summaryOf } from '../run-head.ts'
import type { WithSession } from '../session.ts'
import { tapeEntry } from '../tape-entry.ts'

export function addRunStatus(program: Command, session: WithSession): void {
  program
    .command('run:status')
    .description('Where a run is: its state, what it waits for, how it ended.')
    .argument('<runId>')
    .addHelpText('after', '\nExample:\n  daybook run:status 01K0… --json')
    .action(async (runId: string, _options: unknown, command: Command) => {
      const { connect, json, print, printJson } = session(command)
      await using daybook = await connect()
      const head = await summaryOf(daybook, runId)
      await (json ? printJson(statusJson(head)) : print(statusLines(head).join('\n')))
    })
}

/** What Daybook knows of the run, and with it the names of file-per-event tools. `completionProof` is a secret of a run directory and not data of its events. */
function statusJson({ run, last, metadata }: RunHead): object {
  const state = stateOf(run)
  const autoRunnableCount = run.pendingByKind['node'] ?? 0
  return {
    ...run,
    state,
    lastEvent: tapeEntry(last),
    pendingByKind: run.pendingByKind,
    pendingEffectsSummary: {
      totalPending: run.effectsPending,
      countsByKind: run.pendingByKind,
      autoRunnableCount,
    },
    needsMoreIterations: state === 'waiting' && autoRunnableCount > 0,
    metadata,
    completionProof: null,
  }
}

/** Those tools call a run `created` as long as it has not ended and nothing is pending. */
function stateOf({ status }: RunSummary): string {
  return status === 'running' ? 'created' : status
}

function statusLines({ run, last }: RunHead): string[] {
  const pending = Object.entries(run.pendingByKind).map(([kind, count]) => `${count} ${kind}`)
  const lines: [string, string][] = [
    ['run', run.runId],
    ['status', run.status],
    ['process', run.processId],
    ['pending', pending.length === 0 ? 'nothing' : pending.join(', ')],
    ['effects', String(run.effectsTotal)],
    ['events', `${last.seq}, the last one ${last.type} at ${last.occurredAt}`],
    ['created', run.createdAt],
    ...(run.endedAt === undefined ? [] : [['ended', run.endedAt] satisfies [string, string]]),
    ...(run.error === undefined ? [] : [['error', messageOf(run.error)] satisfies [string, string]]),
    ...parkedLine(run),
    ...(run.faultsTotal === 0
      ? []
      : [
          ['faults', `${run.faultsTotal} events that the state did not allow; see --json`] satisfies [
            string,
            string,
          ],
        ]),
  ]
  return lines.map(([name, value]) => `${name.padEnd(8)}  ${printable(value)}`)
}

/** What was read is not the whole run, and must not pass for it. */
function parkedLine({ parked }: ReadRun): [string, string][] {
  if (parked === undefined) return []
  const { seq, deadLetterId } = parked
  return [['parked', `from event ${seq} on it is left out: daybook dead-letters:show ${deadLetterId}`]]
}

function messageOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string')
    return error.message
  return JSON.stringify(error)
}
