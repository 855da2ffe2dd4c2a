import { DaybookError, type JsonObject, type JsonValue } from '@daybook/errors'
import { type Draft, findEventType, parseAppendRequest } from '@daybook/events'
import { importActor } from '../tape-entry.ts'
import { type BlobStore, createBlobStore, type KeptBlob } from './blob-store.ts'
import type { SoundRun } from './check-run.ts'
import type { Finding } from './finding.ts'
import { damagedDraft, importedDraft } from './import-events.ts'
import { inlinedValues } from './inlined-values.ts'
import { isObject, type OriginalEvent } from './journal-files.ts'

/** All that an import sends, made and checked before the first byte of it is sent. */
export interface ImportPlan {
  readonly runId: string
  /** The run's events, in order; they become seq 1, 2, 3 … of `run/<runId>`. A damaged run ends with `RUN_DAMAGED`. */
  readonly drafts: readonly Draft[]
  readonly blobs: readonly KeptBlob[]
  /** `RUN_IMPORTED`: appended last, so that it is there only when everything else is. */
  readonly imported: Draft
  /** What was wrong with the directory; empty for a sound one. */
  readonly findings: readonly Finding[]
}

/** The plan, or what in the run the journal cannot hold. `lenient` leaves such events out, and says so in the plan. */
export function planImport(
  run: SoundRun,
  lenient = false,
): { plan: ImportPlan } | { findings: readonly Finding[] } {
  const store = createBlobStore()
  const drafts: Draft[] = []
  const refused: Finding[] = []
  for (const event of run.events) {
    const made = draftOf(run, event, store)
    if ('code' in made) refused.push({ ...made, ...(lenient && { leftOut: true }) })
    else drafts.push(made)
  }
  const findings = [...run.findings, ...refused]
  if (drafts.length === 0 || (refused.length > 0 && !lenient)) return { findings }
  if (findings.length > 0) drafts.push(damagedDraft(run, findings))
  const imported = importedDraft({ ...run, findings }, store)
  return { plan: { runId: run.runId, drafts, blobs: [...store.blobs.values()], imported, findings } }
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

/** Daybook's own marks in a run. An event of a directory that is called so is its writer's, and foreign as any other. */
const ownMarks = new Set(['FOREIGN_EVENT', 'RUN_DAMAGED', 'RUN_PAYLOADS_ERASED'])

function draftOf(run: SoundRun, event: OriginalEvent, store: BlobStore): Draft | Finding {
  const known = findEventType(event.type, 1)?.kind === 'run' && !ownMarks.has(event.type)
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
