import type { JsonObject, JsonValue } from '@daybook/errors'
import { isObject } from '../import/journal-files.ts'
import { type EffectLedger, effectIdOf, taskFolder } from './effect-ledger.ts'
import { jsonFileText } from './event-file.ts'
import { type ExportedFile, placeValue, type ReadBlob } from './value-file.ts'

/** Data of an event as it goes into its file, and the files with what was taken out of it. */
export interface LaidOut {
  readonly data: JsonObject
  readonly files: readonly ExportedFile[]
}

/** `EFFECT_REQUESTED`: the definition and the inputs go into `task.json`. */
export async function layOutRequest(
  { taskDef, inputs, ...data }: JsonObject,
  readBlob: ReadBlob,
): Promise<LaidOut> {
  const folder = taskFolder(effectIdOf({ data }))
  const placed = await placeValue(inputs, { folder, name: 'inputs' }, readBlob)
  const definition = isObject(taskDef) ? await definitionOf(taskDef, readBlob) : {}
  const { effectId, taskId, invocationKey, stepId, kind } = data
  const task = {
    ...definition,
    schemaVersion: '2026.01.tasks-v1',
    effectId,
    taskId,
    invocationKey,
    stepId,
    kind,
    inputs: placed.inline,
    inputsRef: placed.ref ?? data['inputsRef'],
  }
  const path = `${folder}/task.json`
  return {
    data: { ...data, taskDefRef: path, ...(placed.ref !== undefined && { inputsRef: placed.ref }) },
    files: [...placed.files, { path, content: jsonFileText(task) }],
  }
}

/** The definition itself, also when it was too large for the event; its keys in the tool's order. */
async function definitionOf(taskDef: JsonObject, readBlob: ReadBlob): Promise<JsonObject> {
  const placed = await placeValue(taskDef, { folder: '', name: '' }, readBlob)
  const content = placed.files[0]?.content
  const read: JsonValue = content === undefined ? taskDef : JSON.parse(Buffer.from(content).toString('utf8'))
  const definition = sorted(read)
  return isObject(definition) ? definition : {}
}

/** `EFFECT_RESOLVED`: what came out of it goes into `result.json`; an error stays in the event as well. */
export async function layOutResolution(
  { result, metadata, ...data }: JsonObject,
  ledger: EffectLedger,
  readBlob: ReadBlob,
): Promise<LaidOut> {
  const effectId = effectIdOf({ data })
  const folder = taskFolder(effectId)
  const effect = ledger.get(effectId)
  const placed = await placeValue(result, { folder, name: 'result' }, readBlob)
  const { status, error, stdoutRef, stderrRef, startedAt, finishedAt } = data
  const value = placed.inline === undefined ? undefined : sorted(placed.inline)
  const content = {
    schemaVersion: '2026.01.results-v1',
    effectId,
    taskId: effect?.taskId,
    invocationKey: effect?.invocationKey,
    status,
    result: value,
    resultRef: placed.ref,
    error: error === undefined ? undefined : sorted(error),
    stdoutRef,
    stderrRef,
    startedAt,
    finishedAt,
    metadata: metadata === undefined ? undefined : sorted(metadata),
    value, // the tool writes it twice, and some of its readers take the one, some the other
  }
  const path = `${folder}/result.json`
  return {
    data: { ...data, resultRef: path },
    files: [...placed.files, { path, content: jsonFileText(content) }],
  }
}

/** The keys of all objects in the order of the tool, which is that of a dictionary and not of code points. */
function sorted(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isObject(value)) return value
  const entries = Object.entries(value).toSorted(([a], [b]) => a.localeCompare(b))
  return Object.fromEntries(entries.map(([name, inner]) => [name, sorted(inner)]))
}
