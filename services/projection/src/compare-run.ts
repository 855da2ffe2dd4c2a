import type { JsonValue } from '@daybook/errors'
import type { Effect, RunSummary } from '@daybook/events'
import { type Difference, firstDifference } from './difference.ts'
import type { StoredEffect, StoredRun } from './store/verify.ts'

/** The first thing that is not as a fresh fold of the journal has it. */
export interface FoundDifference extends Difference {
  runId: string
  effectId?: string
}

/** As it comes back from the database: absent members are absent. */
export function asJson(value: object): JsonValue {
  const json: JsonValue = JSON.parse(JSON.stringify(value))
  return json
}

/** A row against the run of a fresh fold: the document, and the columns that repeat parts of it. */
export function compareRun(
  run: RunSummary | undefined,
  { runId, document, columns }: StoredRun,
): FoundDifference | undefined {
  if (run === undefined) return { runId, path: '', expected: null, stored: asJson(document) }
  const { status, processId, sessionId = null, createdAt } = run
  const expected = { document: run, columns: { status, processId, sessionId, createdAt } }
  const difference = firstDifference(asJson(expected), asJson({ document, columns }))
  return difference && { runId, ...difference }
}

/** The same for an effect. */
export function compareEffect(
  effect: Effect | undefined,
  runId: string,
  stored: StoredEffect,
): FoundDifference | undefined {
  const { effectId, document, columns } = stored
  if (effect === undefined) return { runId, effectId, path: '', expected: null, stored: asJson(document) }
  const { status, kind, requestedSeq } = effect
  const expected = { document: effect, columns: { status, kind, requestedSeq } }
  const difference = firstDifference(asJson(expected), asJson({ document, columns }))
  return difference && { runId, effectId, ...difference }
}
