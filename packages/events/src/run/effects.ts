import { Type } from 'typebox'
import { defineEvent } from '../event-type.ts'
import { count, json, key, name, ref, runData, text, thrown } from './fields.ts'

const { Optional } = Type

export const effectRequested = defineEvent({
  kind: 'run',
  type: 'EFFECT_REQUESTED',
  v: 1,
  description: 'The run asks for a unit of work and may wait for it.',
  schema: runData({
    effectId: key,
    invocationKey: name,
    invocationHash: Optional(text),
    stepId: name,
    taskId: name,
    kind: key,
    label: Optional(text),
    labels: Optional(Type.Array(text)),
    taskDefRef: Optional(ref),
    taskDef: Optional(json),
    inputsRef: Optional(ref),
    inputs: Optional(json),
  }),
})

export const effectResolved = defineEvent({
  kind: 'run',
  type: 'EFFECT_RESOLVED',
  v: 1,
  description:
    "The work was done, well or badly. The two instants are the worker's own and are kept as it wrote them.",
  schema: runData({
    effectId: key,
    status: Type.Enum(['ok', 'error']),
    resultRef: Optional(ref),
    result: Optional(json),
    error: Optional(thrown),
    stdoutRef: Optional(ref),
    stderrRef: Optional(ref),
    startedAt: Optional(text),
    finishedAt: Optional(text),
    breakpointId: Optional(text),
    metadata: Optional(json),
  }),
})

export const effectCancelled = defineEvent({
  kind: 'run',
  type: 'EFFECT_CANCELLED',
  v: 1,
  description: 'Nobody needs the result any more.',
  schema: runData({ effectId: key, reason: Optional(text) }),
})

export const effectProgress = defineEvent({
  kind: 'run',
  type: 'EFFECT_PROGRESS',
  v: 1,
  description: 'How far the work is; for people to look at, nothing is decided by it.',
  schema: runData({
    effectId: key,
    progressPercent: Optional(Type.Number({ minimum: 0, maximum: 100 })),
    progressLabel: Optional(text),
    currentStep: Optional(Type.Union([text, count])),
    progressEta: Optional(Type.Union([text, count])),
  }),
})
