import { Type } from 'typebox'
import { defineEvent } from '../event-type.ts'
import { count, entrypoint, json, key, name, ref, runData, text } from './fields.ts'

const { Optional } = Type

export const processLog = defineEvent({
  kind: 'run',
  type: 'PROCESS_LOG',
  v: 1,
  description: 'A line that the process wrote; `logSeq` is −1 where the writer did not count.',
  schema: runData({
    logSeq: Optional(Type.Integer()),
    label: Optional(text),
    message: Optional(text),
    level: Optional(text),
    data: Optional(json),
  }),
})

export const processAssigned = defineEvent({
  kind: 'run',
  type: 'PROCESS_ASSIGNED',
  v: 1,
  description: 'The run got other code, or its first.',
  schema: runData({
    processId: name,
    processRevision: Optional(text),
    processCodeHash: Optional(text),
    entrypoint,
    previousEntrypoint: Optional(entrypoint),
    force: Optional(Type.Boolean()),
    prompt: Optional(text),
    inputsRef: Optional(ref),
    inputs: Optional(json),
  }),
})

export const processCodeHashChanged = defineEvent({
  kind: 'run',
  type: 'PROCESS_CODE_HASH_CHANGED',
  v: 1,
  description: 'The code of the process is not what it was when the run began.',
  schema: runData({
    runId: Optional(key),
    processId: Optional(name),
    previousProcessCodeHash: text,
    processCodeHash: text,
  }),
})

export const processRuntimeError = defineEvent({
  kind: 'run',
  type: 'PROCESS_RUNTIME_ERROR',
  v: 1,
  description: 'The code of the process threw. The run can go on once the code is mended.',
  schema: runData({
    error: json,
    iteration: Optional(count),
    runId: Optional(key),
    processId: Optional(name),
    journalHead: Optional(json),
    lastEffect: Optional(json),
    recovery: Optional(json),
  }),
})
