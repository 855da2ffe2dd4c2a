import { asJson, type FoundDifference, firstDifference } from '@daybook/eventing'
import type { Effect, RunSummary } from '@daybook/events'
import type { StoredEffect, StoredRun } from './store/verify.ts'

/** A row against the run of a fresh fold: the document, and the columns that repeat parts of it. */
export function compareRun(
  run: RunSummary | undefined,
  { runId, document, columns }: StoredRun,
): FoundDifference | undefined {
  const where = { runId }
  if (run === undefined) return { where, path: '', expected: null, stored: asJson(document) }
  const { status, processId, sessionId = null, createdAt } = run
  const expected = { document: run, columns: { status, processId, sessionId, createdAt } }
  const difference = firstDifference(asJson(expected), asJson({ document, columns }))
  return difference && { where, ...difference }
}

/** The same for an effect. */
export function compareEffect(
  effect: Effect | undefined,
  runId: string,
  stored: StoredEffect,
): FoundDifference | undefined {
  const { effectId, document, columns } = stored
  const where = { runId, effectId }
  if (effect === undefined) return { where, path: '', expected: null, stored: asJson(document) }
  const { status, kind, requestedSeq } = effect
  const expected = { document: effect, columns: { status, kind, requestedSeq } }
  const difference = firstDifference(asJson(expected), asJson({ document, columns }))
  return difference && { where, ...difference }
}
