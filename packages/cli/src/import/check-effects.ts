import type { JsonObject, JsonValue } from '@daybook/errors'
import type { Finding, FindingCode } from './finding.ts'
import { isObject, type OriginalEvent } from './journal-files.ts'
import { readJsonFile, told } from './json-file.ts'
import type { RunDirectory } from './read-directory.ts'

/**
 * Whether the effects are told soundly: each requested once, settled at most once and only after it was requested, and
 * its task and result files there and its own. These are the rules that tool itself needs to go on with a run.
 */
export function checkEffects(directory: RunDirectory, events: readonly OriginalEvent[]): Finding[] {
  const ledger: Ledger = { statusOf: new Map(), keys: new Set() }
  return events.flatMap((event) => checkEvent(directory, event, ledger))
}

interface Ledger {
  readonly statusOf: Map<string, 'requested' | 'settled'>
  /** Invocation keys: two effects with one key would be one and the same on replay. */
  readonly keys: Set<string>
}

function checkEvent(directory: RunDirectory, event: OriginalEvent, ledger: Ledger): Finding[] {
  if (event.type === 'EFFECT_REQUESTED') return checkRequested(directory, event, ledger)
  if (event.type === 'EFFECT_RESOLVED')
    return [...checkSettled(event, ledger), ...checkResult(directory, event)]
  if (event.type === 'EFFECT_CANCELLED') return checkSettled(event, ledger)
  return []
}

const requestedFields = ['effectId', 'invocationKey', 'stepId', 'taskId', 'kind', 'taskDefRef'] as const

function checkRequested(directory: RunDirectory, { file, data }: OriginalEvent, ledger: Ledger): Finding[] {
  const lacking = requestedFields.filter((field) => typeof data[field] !== 'string' || data[field] === '')
  if (lacking.length > 0) return [{ file, code: 'bad-effect', detail: `has no ${lacking.join(', ')}` }]
  const effectId = told(data['effectId'])
  const key = told(data['invocationKey'])
  const findings: Finding[] = []
  if (ledger.statusOf.has(effectId) || ledger.keys.has(key)) {
    findings.push({
      file,
      code: 'double-request',
      detail: `requests the effect ${effectId} (${key}) a second time`,
    })
  }
  ledger.statusOf.set(effectId, 'requested')
  ledger.keys.add(key)
  return [...findings, ...checkTask(directory, file, data)]
}

function checkTask(directory: RunDirectory, file: string, data: JsonObject): Finding[] {
  const ref = told(data['taskDefRef'])
  const task = readJsonFile(directory, ref)
  if (!task.ok) return [refFault({ file, ref, code: 'missing-task' }, task)]
  if (isObject(task.value) && task.value['effectId'] === data['effectId'])
    return checkRef(directory, ref, task.value['inputsRef'])
  return [
    { file: ref, code: 'bad-effect', detail: `is not the task of the effect ${told(data['effectId'])}` },
  ]
}

function checkSettled({ file, data, type }: OriginalEvent, ledger: Ledger): Finding[] {
  const effectId = told(data['effectId'])
  const status = ledger.statusOf.get(effectId)
  if (status === undefined)
    return [
      {
        file,
        code: 'unknown-effect',
        detail: `settles the effect ${effectId}, which no event before it requests`,
      },
    ]
  ledger.statusOf.set(effectId, 'settled')
  if (status === 'settled')
    return [{ file, code: 'double-resolve', detail: `settles the effect ${effectId} a second time` }]
  if (type === 'EFFECT_RESOLVED' && data['status'] !== 'ok' && data['status'] !== 'error') {
    return [{ file, code: 'bad-effect', detail: 'has a status that is neither ok nor error' }]
  }
  return []
}

function checkResult(directory: RunDirectory, { file, data }: OriginalEvent): Finding[] {
  const ref = data['resultRef']
  if (ref === undefined) return []
  const result = readJsonFile(directory, ref)
  if (!result.ok) return [refFault({ file, ref: told(ref), code: 'missing-result' }, result)]
  const { value } = result
  if (!isObject(value) || value['effectId'] !== data['effectId'] || value['status'] !== data['status']) {
    return [
      {
        file: told(ref),
        code: 'other-result',
        detail: `does not say what ${file} says: another effect or another status`,
      },
    ]
  }
  return checkRef(directory, told(ref), value['resultRef'])
}

/** A value over 1 MiB lies in a file of its own, which task and result files name. */
function checkRef(directory: RunDirectory, file: string, ref: JsonValue | undefined): Finding[] {
  if (ref === undefined || (typeof ref === 'string' && directory.files.has(ref))) return []
  return [{ file, code: 'missing-file', detail: `names ${told(ref)}, which is missing` }]
}

function refFault(
  fault: { file: string; ref: string; code: FindingCode },
  read: { missing: boolean; why: string },
): Finding {
  if (read.missing)
    return { file: fault.file, code: fault.code, detail: `names ${fault.ref}, which is missing` }
  return { file: fault.ref, code: 'unparsable', detail: read.why }
}
