import type { JsonObject, JsonValue } from '@daybook/errors'
import { inlinedFields } from '../tape-entry.ts'
import type { BlobStore } from './blob-store.ts'
import type { SoundRun } from './check-run.ts'
import { isObject, type OriginalEvent } from './journal-files.ts'
import { readJsonFile } from './json-file.ts'

/**
 * What belongs to an event but lies in a file beside the journal: inputs, task definitions, results, the output. Taken
 * into the event, so that the journal alone tells the story.
 */
export function inlinedValues(run: SoundRun, event: OriginalEvent, store: BlobStore): JsonObject {
  switch (event.type) {
    case 'RUN_CREATED':
      return { ...pick(run.runJson, inlinedFields.RUN_CREATED, store), ...inputsOf(run, event, store) }
    case 'PROCESS_ASSIGNED':
      return inputsOf(run, event, store)
    case 'EFFECT_REQUESTED':
      return taskOf(run, event, store)
    case 'EFFECT_RESOLVED':
      return resultOf(run, event, store)
    case 'RUN_COMPLETED':
      return referred(run, { name: 'output', ref: event.data['outputRef'] }, store)
    default:
      return {}
  }
}

/** `inputs.json` is written again when a run gets another process: what lies there belongs to the last event that names it. */
function inputsOf(run: SoundRun, event: OriginalEvent, store: BlobStore): JsonObject {
  const ref = event.data['inputsRef']
  const last = run.events.findLast(
    ({ type, data }) => type !== 'EFFECT_REQUESTED' && data['inputsRef'] === ref,
  )
  return last === event ? referred(run, { name: 'inputs', ref }, store) : {}
}

/** What is not of the definition itself but of the file around it. */
const taskEnvelope = new Set([
  'schemaVersion',
  'effectId',
  'taskId',
  'invocationKey',
  'stepId',
  'inputs',
  'inputsRef',
  'sdkVersion',
])

function taskOf(run: SoundRun, event: OriginalEvent, store: BlobStore): JsonObject {
  const task = readJsonFile(run.sources, event.data['taskDefRef'])
  if (!task.ok || !isObject(task.value)) return {}
  const taskDef = Object.fromEntries(Object.entries(task.value).filter(([name]) => !taskEnvelope.has(name)))
  return {
    taskDef: store.inlineOrKeep(taskDef),
    ...valueOrReferred(run, { file: task.value, name: 'inputs' }, store),
  }
}

function resultOf(run: SoundRun, event: OriginalEvent, store: BlobStore): JsonObject {
  const result = readJsonFile(run.sources, event.data['resultRef'])
  if (!result.ok || !isObject(result.value)) return {}
  return {
    ...valueOrReferred(run, { file: result.value, name: 'result' }, store),
    ...pick(result.value, ['metadata'], store),
  }
}

/** A task or result file holds the value, or names the file a large one lies in. */
function valueOrReferred(
  run: SoundRun,
  { file, name }: { file: JsonObject; name: string },
  store: BlobStore,
): JsonObject {
  const here = pick(file, [name], store)
  return name in here ? here : referred(run, { name, ref: file[`${name}Ref`] }, store)
}

/** The value of a whole file. A large one is the file's own blob, so that it is kept once. */
function referred(
  run: SoundRun,
  { name, ref }: { name: string; ref: JsonValue | undefined },
  store: BlobStore,
): JsonObject {
  const file = typeof ref === 'string' ? run.sources.files.get(ref) : undefined
  const read = file === undefined ? undefined : readJsonFile(run.sources, file.path)
  if (file === undefined || read?.ok !== true) return {}
  const value = store.inlineOrKeep(read.value)
  return { [name]: value === read.value ? value : { ...store.keepFile(file) } }
}

function pick(from: JsonObject, names: readonly string[], store: BlobStore): JsonObject {
  const picked: JsonObject = {}
  for (const name of names) {
    const value = from[name]
    if (value !== undefined) picked[name] = store.inlineOrKeep(value)
  }
  return picked
}
