import type { Daybook } from '@daybook/client'
import type { JsonObject, JsonValue } from '@daybook/errors'
import { isObject } from './import/journal-files.ts'
import { findImport, type ImportedDirectory, readImportedJson } from './imported-directory.ts'
import type { RunHead } from './run-head.ts'

/** What file-per-event tools tell of a run from the files beside its journal. */
export interface RunMetadata {
  /** For `run:events`: the state as it was cached; null when nothing was. */
  readonly cached: JsonObject | null
  /** For `run:status`: the same, with what is pending as the events say. */
  readonly merged: JsonObject
  /** What such a tool shows of a completed run, so that a harness believes it. */
  readonly completionProof: string | null
}

/**
 * Of a run that is as it was imported, the tool's own cache and proof, as they were imported with it; of any other run,
 * what such a cache would say.
 */
export async function metadataOf(daybook: Daybook, head: RunHead): Promise<RunMetadata> {
  const { run, last } = head
  const imported = await findImport(daybook, run.runId)
  if (imported === undefined || !isUnchanged(imported, head)) {
    const journalHead = { seq: last.seq, ulid: last.id }
    const now = { pendingEffectsByKind: run.pendingByKind, stateVersion: last.seq, journalHead }
    return { cached: now, merged: now, completionProof: null }
  }
  const cached = toMetadata(await readImportedJson(daybook, imported, 'state/state.json'))
  return {
    cached,
    merged: { ...cached, pendingEffectsByKind: run.pendingByKind },
    completionProof: run.status === 'completed' ? await proofOf(daybook, imported) : null,
  }
}

/** Whether nothing was journaled since the import, beside its own mark of damage. */
function isUnchanged({ eventIds }: ImportedDirectory, { last }: RunHead): boolean {
  return eventIds.has(last.id) || last.type === 'RUN_DAMAGED'
}

function toMetadata(cache: JsonValue | undefined): JsonObject | null {
  if (!isObject(cache)) return null
  const { pendingEffectsByKind = {}, stateVersion = 0, journalHead = null, rebuildReason } = cache
  const rebuilt = typeof rebuildReason === 'string' && rebuildReason !== ''
  return {
    pendingEffectsByKind,
    stateVersion,
    journalHead,
    ...(rebuilt && { stateRebuilt: true, stateRebuildReason: rebuildReason }),
  }
}

async function proofOf(daybook: Daybook, imported: ImportedDirectory): Promise<string | null> {
  const runJson = await readImportedJson(daybook, imported, 'run.json')
  const proof = isObject(runJson) ? runJson['completionProof'] : undefined
  return typeof proof === 'string' ? proof : null
}
