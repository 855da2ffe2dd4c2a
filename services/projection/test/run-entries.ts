import type { JsonObject, JsonValue } from '@daybook/events'
import type { Entry } from '../../../packages/eventing/test/journal-fixture.ts'

const runData = (runId: string): JsonObject => ({
  runId,
  processId: 'process/p',
  entrypoint: { importPath: './p.js', exportName: 'process' },
})

/** Entries of runs, in few words. */
export function created(runId: string, data: JsonObject = {}, tenant = 'main'): Entry {
  return { stream: `run/${runId}`, type: 'RUN_CREATED', data: { ...runData(runId), ...data }, tenant }
}

export function requested(runId: string, effectId: string, data: JsonObject = {}): Entry {
  const common = { effectId, invocationKey: `k-${effectId}`, stepId: 's', taskId: 't', kind: 'node' }
  return { stream: `run/${runId}`, type: 'EFFECT_REQUESTED', data: { ...common, ...data } }
}

export function resolved(runId: string, effectId: string, result: JsonValue = null): Entry {
  return { stream: `run/${runId}`, type: 'EFFECT_RESOLVED', data: { effectId, status: 'ok', result } }
}

export function completed(runId: string, output: JsonValue = null): Entry {
  return { stream: `run/${runId}`, type: 'RUN_COMPLETED', data: { output } }
}
