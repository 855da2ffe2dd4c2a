import type { JsonObject, JsonValue } from '@daybook/errors'
import type { JournalEvent } from '@daybook/events'
import { inlinedFields, unwrapped } from '../tape-entry.ts'
import type { EffectLedger } from './effect-ledger.ts'
import type { FiledEvent } from './event-file.ts'
import { type LaidOut, layOutRequest, layOutResolution } from './task-files.ts'
import { type ReadBlob, valueFile } from './value-file.ts'

/**
 * An event that was journaled live, in the form in which the file-per-event tool keeps such events: what lies beside its
 * journal is taken out of the data and becomes a file, to which the data refers.
 */
export async function layOutEvent(
  event: JournalEvent,
  ledger: EffectLedger,
  readBlob: ReadBlob,
): Promise<{ filed: FiledEvent; files: LaidOut['files'] }> {
  const { type, data } = unwrapped(event)
  const laidOut = await layOut({ type, data }, ledger, readBlob)
  return { filed: { type, recordedAt: event.occurredAt, data: laidOut.data }, files: laidOut.files }
}

async function layOut(
  { type, data }: Pick<FiledEvent, 'type' | 'data'>,
  ledger: EffectLedger,
  readBlob: ReadBlob,
): Promise<LaidOut> {
  switch (type) {
    case 'RUN_CREATED':
      return await intoFile(withoutRunFields(data), inputs, readBlob)
    case 'PROCESS_ASSIGNED':
      return await intoFile(data, inputs, readBlob)
    case 'EFFECT_REQUESTED':
      return await layOutRequest(data, readBlob)
    case 'EFFECT_RESOLVED':
      return await layOutResolution(data, ledger, readBlob)
    case 'RUN_COMPLETED':
      return await intoFile(
        data,
        { name: 'output', refName: 'outputRef', path: 'state/output.json' },
        readBlob,
      )
    default:
      return { data, files: [] }
  }
}

/** A member of an event that the tool keeps in a file of its own. */
interface OwnFile {
  readonly name: string
  readonly refName: string
  readonly path: string
}

const inputs: OwnFile = { name: 'inputs', refName: 'inputsRef', path: 'inputs.json' }

async function intoFile(
  data: JsonObject,
  { name, refName, path }: OwnFile,
  readBlob: ReadBlob,
): Promise<LaidOut> {
  const value: JsonValue | undefined = data[name]
  if (value === undefined) return { data, files: [] }
  const { [name]: _taken, ...rest } = data
  return { data: { ...rest, [refName]: path }, files: [await valueFile(path, value, readBlob)] }
}

/** What the tool keeps in `run.json` and not in the first event; `runFile` writes it there. */
function withoutRunFields(data: JsonObject): JsonObject {
  const elsewhere = new Set<string>(inlinedFields.RUN_CREATED)
  return Object.fromEntries(
    Object.entries(data).filter(([name]) => name === 'inputs' || !elsewhere.has(name)),
  )
}
