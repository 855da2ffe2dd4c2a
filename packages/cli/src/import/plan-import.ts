import { createHash } from 'node:crypto'
import { DaybookError, type JsonObject, type JsonValue } from '@daybook/errors'
import {
  canonicalJson,
  type Draft,
  draft,
  type EventData,
  findEventType,
  isBlobRef,
  parseAppendRequest,
} from '@daybook/events'
import { importActor } from '../tape-entry.ts'
import { type BlobStore, createBlobStore, type KeptBlob } from './blob-store.ts'
import type { SoundRun } from './check-run.ts'
import type { Finding } from './finding.ts'
import { inlinedValues } from './inlined-values.ts'
import { isObject, type OriginalEvent } from './journal-files.ts'

/** All that an import sends, made and checked before the first byte of it is sent. */
export interface ImportPlan {
  readonly runId: string
  /** The run's events, in order; they become seq 1, 2, 3 … of `run/<runId>`. */
  readonly drafts: readonly Draft[]
  readonly blobs: readonly KeptBlob[]
  /** `RUN_IMPORTED`: appended last, so that it is there only when everything else is. */
  readonly imported: Draft
}

/** The plan, or what in the run the journal cannot hold. */
export function planImport(run: SoundRun): { plan: ImportPlan } | { findings: readonly Finding[] } {
  const store = createBlobStore()
  const findings: Finding[] = []
  const drafts: Draft[] = []
  for (const event of run.events) {
    const made = draftOf(run, event, store)
    if ('code' in made) findings.push(made)
    else drafts.push(made)
  }
  if (findings.length > 0) return { findings }
  const imported = importedDraft(run, store)
  return { plan: { runId: run.runId, drafts, blobs: [...store.blobs.values()], imported } }
}

/** The state of a run follows from these; one of them in a form unknown to us must not be passed over. */
const stateBearing = new Set([
  'RUN_CREATED',
  'PROCESS_ASSIGNED',
  'EFFECT_REQUESTED',
  'EFFECT_RESOLVED',
  'EFFECT_CANCELLED',
  'RUN_COMPLETED',
  'RUN_FAILED',
])

function draftOf(run: SoundRun, event: OriginalEvent, store: BlobStore): Draft | Finding {
  // FOREIGN_EVENT is our own wrapping; an event that is called so by its writer is foreign as well.
  const known = findEventType(event.type, 1)?.kind === 'run' && event.type !== 'FOREIGN_EVENT'
  if (!known) return checked(foreign(run, event, store), event)
  const data = { ...inlinedValues(run, event, store), ...shrunk(event.data, store) }
  const made = checked(envelope(run, event, { type: event.type, data }), event)
  return 'code' in made && !stateBearing.has(event.type) ? checked(foreign(run, event, store), event) : made
}

function foreign(run: SoundRun, event: OriginalEvent, store: BlobStore): Draft {
  return envelope(run, event, {
    type: 'FOREIGN_EVENT',
    data: { type: event.type, data: store.inlineOrKeep(event.data) },
  })
}

function envelope(run: SoundRun, event: OriginalEvent, content: { type: string; data: JsonObject }): Draft {
  return {
    id: event.ulid,
    stream: `run/${run.runId}`,
    v: 1,
    ...content,
    actor: importActor,
    occurredAt: event.recordedAt,
  }
}

/** Large values become blobs where the event's form lets them: a member, or the data of an error. */
function shrunk(data: JsonObject, store: BlobStore): JsonObject {
  const entries = Object.entries(data).map(([name, value]): [string, JsonValue] => {
    if (typeof value === 'string') return [name, value] // names and texts have no other form; the journal bounds the whole
    if (name === 'error' && isObject(value)) {
      const inner = value['data']
      return [name, inner === undefined ? value : { ...value, data: store.inlineOrKeep(inner) }]
    }
    return [name, store.inlineOrKeep(value)]
  })
  return Object.fromEntries(entries)
}

/** The journal's own check, done here so that nothing is sent of a run that would be refused half-way. */
function checked(made: Draft, event: OriginalEvent): Draft | Finding {
  try {
    parseAppendRequest({ events: [made] })
    return made
  } catch (error) {
    if (!(error instanceof DaybookError)) throw error
    return { file: event.file, code: 'unsupported-value', detail: `cannot be journaled: ${error.message}` }
  }
}

/** The npm package whose directories these are. */
const toolName = '@a5c-ai/babysitter-sdk'

function importedDraft(run: SoundRun, store: BlobStore): Draft {
  const files = [...run.directory.files.values()].map((file) => {
    store.keepFile(file)
    return { path: file.path, sha256: file.sha256, bytes: file.bytes.length }
  })
  const list = store.inlineOrKeep(files)
  const { sdkVersion } = run.runJson
  const data: EventData<'RUN_IMPORTED'> = {
    runId: run.runId,
    tool:
      typeof sdkVersion === 'string' && sdkVersion !== ''
        ? { name: toolName, version: sdkVersion }
        : { name: toolName },
    files: isBlobRef(list) ? list : files,
    events: run.events.length,
  }
  return draft({
    id: importId(run, data),
    stream: `import/${run.runId}`,
    type: 'RUN_IMPORTED',
    data,
    actor: importActor,
  })
}

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/**
 * The same directory always gives the same id, so that importing it again is recognised: the time of the ULID is that of
 * the run's last event, and its 80 random bits are taken from the hash of the content.
 */
function importId(run: SoundRun, data: EventData<'RUN_IMPORTED'>): string {
  const time = (run.events.at(-1)?.ulid ?? '0'.repeat(26)).slice(0, 10)
  const digest = createHash('sha256')
    .update(canonicalJson({ ...data }))
    .digest()
  // Five bits a digit; a byte's upper three are left out, which is no loss: a hash has bits enough.
  const random = Array.from(digest.subarray(0, 16), (byte) => crockford[byte & 31])
  return time + random.join('')
}
