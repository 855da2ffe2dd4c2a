import { Type } from 'typebox'
import { defineEvent } from '../event-type.ts'
import { entrypoint, json, key, name, ref, runData, text, thrown } from './fields.ts'

const { Optional } = Type

export const runCreated = defineEvent({
  kind: 'run',
  type: 'RUN_CREATED',
  v: 1,
  description: 'The first event of a run: which process, with which inputs, and where it comes from.',
  schema: runData({
    runId: key,
    processId: name,
    processRevision: Optional(text),
    processCodeHash: Optional(text),
    processPath: Optional(text),
    entrypoint,
    inputsRef: Optional(ref),
    inputs: Optional(json),
    request: Optional(text),
    prompt: Optional(text),
    parentRunId: Optional(key),
    nested: Optional(
      Type.Object({
        parentRunId: Optional(text),
        parentEffectId: Optional(text),
        parentInvocationKey: Optional(text),
        sessionId: Optional(text),
        shareSession: Optional(Type.Boolean()),
      }),
    ),
    nonInteractive: Optional(Type.Boolean()),
    cwd: Optional(text),
    layoutVersion: Optional(text),
    sdkVersion: Optional(text),
    inputSchema: Optional(json),
    outputSchema: Optional(json),
    governance: Optional(json),
    createdAt: Optional(text),
  }),
})

/** Written when a person ended the run by hand: why, and the proof that the tool asks for. */
const sealed = { manual_seal_reason: Optional(text), completionProof: Optional(text) }

export const runCompleted = defineEvent({
  kind: 'run',
  type: 'RUN_COMPLETED',
  v: 1,
  description: 'The process returned.',
  schema: runData({
    outputRef: Optional(ref),
    output: Optional(json),
    costStats: Optional(json),
    costError: Optional(json),
    ...sealed,
  }),
})

export const runFailed = defineEvent({
  kind: 'run',
  type: 'RUN_FAILED',
  v: 1,
  description: 'The process or the engine failed for good.',
  schema: runData({ error: thrown, ...sealed }),
})

export const runCancelRequested = defineEvent({
  kind: 'run',
  type: 'RUN_CANCEL_REQUESTED',
  v: 1,
  description: 'Somebody wants the run to stop; it goes on until RUN_CANCELLED.',
  schema: runData({ reason: Optional(text) }),
})

export const runCancelled = defineEvent({
  kind: 'run',
  type: 'RUN_CANCELLED',
  v: 1,
  description: 'The run stopped because somebody wanted it to.',
  schema: runData({ reason: Optional(text) }),
})

export const runHalted = defineEvent({
  kind: 'run',
  type: 'RUN_HALTED',
  v: 1,
  description: 'The process asked to be left alone until a person looks at it. The run has not ended.',
  schema: runData({ reason: Optional(text), payload: Optional(json) }),
})
