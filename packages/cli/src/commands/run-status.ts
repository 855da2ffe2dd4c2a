import type { ReadRun } from '@daybook/client'
import type { JournalEvent, RunSummary } from '@daybook/events'
import type { Command } from 'commander'
import { momentHelp, momentOption } from '../moment-option.ts'
import { printable } from '../printable.ts'
import { type RunHead, summaryOf } from '../run-head.ts'
import { metadataOf, type RunMetadata } from '../run-metadata.ts'
import type { WithSession } from '../session.ts'
import { tapeEntry } from '../tape-entry.ts'
import { printRunAt } from './run-status-at.ts'

export function addRunStatus(program: Command, session: WithSession): void {
  program
    .command('run:status')
    .description('Where a run is: its state, what it waits for, how it ended.')
    .argument('<runId>')
    .option('--at <moment>', `where it was: ${momentHelp}`, momentOption)
    .addHelpText(
      'after',
      '\nExamples:\n  daybook run:status 01K0… --json\n  daybook run:status 01K0… --at 12',
    )
    .action(async (runId: string, { at: moment }: { at?: number | string }, command: Command) => {
      const at = session(command)
      const { json, print, printJson } = at
      await using daybook = await at.connect()
      if (moment !== undefined) return await printRunAt(at, daybook, { runId, moment })
      const head = await summaryOf(daybook, runId)
      if (json) await printJson(statusJson(head, await metadataOf(daybook, head)))
      else await print(statusLines(head).join('\n'))
    })
}

/** What Daybook knows of the run, and with it the names of file-per-event tools. */
function statusJson({ run, last }: RunHead, { merged, completionProof }: RunMetadata): object {
  const state = stateOf(run, last)
  const autoRunnableCount = run.pendingByKind['node'] ?? 0
  const halted = last.type === 'RUN_HALTED' ? last.data : {}
  return {
    ...run,
    state,
    reason: halted['reason'] ?? null,
    payload: halted['payload'] ?? null,
    lastEvent: tapeEntry(last),
    pendingByKind: run.pendingByKind,
    pendingEffectsSummary: {
      totalPending: run.effectsPending,
      countsByKind: run.pendingByKind,
      autoRunnableCount,
    },
    needsMoreIterations: state === 'waiting' && autoRunnableCount > 0,
    metadata: merged,
    completionProof,
  }
}

/** Those tools call a run `created` as long as it has not ended and nothing is pending, and `halted` when it said so last. */
function stateOf({ status, endedAt }: RunSummary, { type }: JournalEvent): string {
  if (type === 'RUN_HALTED' && endedAt === undefined) return 'halted'
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
    ...damagedLine(run),
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

/** The directory it came from was damaged, and so the run is not all that happened. */
function damagedLine({ damaged }: RunSummary): [string, string][] {
  if (damaged === undefined) return []
  const { findingsTotal, eventsLeftOut } = damaged
  return [
    ['damaged', `imported with ${findingsTotal} findings, ${eventsLeftOut} events left out; see --json`],
  ]
}

function messageOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string')
    return error.message
  return JSON.stringify(error)
}
