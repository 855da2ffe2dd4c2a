import type { Daybook } from '@daybook/client'
import type { Draft } from '@daybook/events'

/** The events of one run that does `effects` pieces of work, one after the other: 2 × effects + 2 events. */
export function runHistory(daybook: Daybook, runId: string, effects: number): Draft[] {
  const stream = `run/${runId}`
  const work = Array.from({ length: effects }, (_, index) => {
    const effectId = `${runId}-${index}`
    const invocationKey = `demo:${index}`
    const requested = {
      effectId,
      invocationKey,
      stepId: `S${index}`,
      taskId: 'build',
      kind: 'node',
      taskDefRef: 'build',
    }
    return [
      daybook.draft({ stream, type: 'EFFECT_REQUESTED', data: requested }),
      daybook.draft({ stream, type: 'EFFECT_RESOLVED', data: { effectId, status: 'ok', result: { index } } }),
    ]
  })
  const entrypoint = { importPath: 'demo.js', exportName: 'default' }
  return [
    daybook.draft({ stream, type: 'RUN_CREATED', data: { runId, processId: 'demo', entrypoint } }),
    ...work.flat(),
    daybook.draft({ stream, type: 'RUN_COMPLETED', data: { output: { effects } } }),
  ]
}
