import type { Effect } from '@daybook/events'

/** An effect under the names that scripts around file-per-event journals know, in their order. */
export function toTask(effect: Effect): object {
  const { effectId, taskId, stepId, status, kind, label, labels, requestedAt, resolvedAt } = effect
  return {
    effectId,
    taskId,
    stepId,
    status,
    kind,
    label,
    labels,
    taskDefRef: effect.taskDefRef ?? `tasks/${effectId}/task.json`,
    inputsRef: effect.inputsRef ?? null,
    resultRef: effect.resultRef ?? null,
    stdoutRef: effect.stdoutRef ?? null,
    stderrRef: effect.stderrRef ?? null,
    requestedAt,
    resolvedAt,
  }
}
