import type { JournalEvent } from '../src/envelope.ts'
import { foldRun } from '../src/run/fold.ts'
import type { Effect, RunSummary } from '../src/run/summary.ts'
import { journalOf } from './journal.ts'

/** An event of the run `r1`, of which the journal fills in the rest. */
export type Given = Pick<JournalEvent, 'type' | 'data'>

export const created: Given = {
  type: 'RUN_CREATED',
  data: {
    runId: 'r1',
    processId: 'demo/release',
    entrypoint: { importPath: 'release.mjs', exportName: 'process' },
    processRevision: 'rev-1',
  },
}
export const completed: Given = {
  type: 'RUN_COMPLETED',
  data: { outputRef: 'state/output.json', output: { shipped: true } },
}
export const failed: Given = { type: 'RUN_FAILED', data: { error: { name: 'E', message: 'm' } } }
export const log: Given = { type: 'PROCESS_LOG', data: { message: 'hello' } }

export function requested(effectId: string, kind = 'node'): Given {
  return {
    type: 'EFFECT_REQUESTED',
    data: {
      effectId,
      invocationKey: `k:${effectId}`,
      stepId: 'S1',
      taskId: 't',
      kind,
      label: 'a label',
      labels: ['a'],
      inputs: { n: 1 },
    },
  }
}

export function resolved(effectId: string, status = 'ok'): Given {
  return {
    type: 'EFFECT_RESOLVED',
    data: { effectId, status, result: 7, startedAt: 'start', finishedAt: 'finish', stdoutRef: 'out' },
  }
}

export function cancelled(effectId: string): Given {
  return { type: 'EFFECT_CANCELLED', data: { effectId } }
}

/** The run `r1` after these events. */
export function fold(...given: Given[]): { run: RunSummary; effects: Map<string, Effect> } {
  const { run, effects } = foldRun(journalOf('run/r1', given))
  if (run === undefined) throw new Error('no event, no run')
  return { run, effects }
}

/** When the event of a seq occurred in `fold`. */
export function at(seq: number): string {
  return `2026-11-21T08:00:${String(seq).padStart(2, '0')}.000Z`
}
