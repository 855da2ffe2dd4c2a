import { journalReader, type PayloadArchive, type Projection } from '@daybook/eventing'
import type { Transaction } from 'kysely'
import { asJson, compareEffect, compareRun, type FoundDifference } from './compare-run.ts'
import { type FreshFold, foldAfresh } from './fold-afresh.ts'
import {
  appliedPosition,
  findMissingRun,
  findStrayEffect,
  listStoredEffects,
  listStoredRuns,
} from './store/verify.ts'

/** What a part of a verification found. */
export interface Verification {
  runs: number
  effects: number
  events: number
  /** The last run that was compared; undefined when there are no more. */
  next: string | undefined
  difference: FoundDifference | undefined
}

/** What is verified, and where archived payloads are. */
export interface Verified<DB> {
  projection: Projection<DB>
  archive: PayloadArchive
}

/** Compared in one snapshot; a longer one would keep dead rows alive. */
const RUNS_PER_SNAPSHOT = 50
const EFFECTS_PER_PAGE = 500
const BEFORE_ALL = { requestedSeq: -1, effectId: '' }

/**
 * Compares the rows of one tenant's runs with a fresh fold of the journal, run by run, until it has worked for `workMs`
 * or has found a difference. Each fold ends where the rows of its snapshot end, so that events which come meanwhile make
 * no difference; that of a parked run ends where it was parked.
 */
export async function verifyRuns<DB>(
  verified: Verified<DB>,
  { tenant, after, workMs }: { tenant: string; after: string; workMs: number },
): Promise<Verification> {
  const endAt = performance.now() + workMs
  const total: Verification = { runs: 0, effects: 0, events: 0, next: after, difference: undefined }
  while (total.next !== undefined && performance.now() < endAt) {
    const from = total.next
    const { value } = await verified.projection.read(tenant, (trx) =>
      verifyPage(verified, { trx, tenant, from }),
    )
    total.runs += value.runs
    total.effects += value.effects
    total.events += value.events
    if (value.difference !== undefined) return { ...total, difference: value.difference }
    total.next = value.next
  }
  return total
}

interface PagePlace<DB> {
  trx: Transaction<DB>
  tenant: string
  from: string
}

async function verifyPage<DB>(
  { projection, archive }: Verified<DB>,
  { trx, tenant, from }: PagePlace<DB>,
): Promise<Verification> {
  const position = await appliedPosition(trx)
  const page = await listStoredRuns(trx, { tenant, after: from, limit: RUNS_PER_SNAPSHOT })
  const found: Verification = {
    runs: 0,
    effects: 0,
    events: 0,
    next: page.at(-1)?.runId,
    difference: undefined,
  }
  for (const stored of page) {
    const parked = await projection.parked.find(trx, { tenant, stream: `run/${stored.runId}` })
    const bounds = { position, seqMax: (parked?.seq ?? Number.POSITIVE_INFINITY) - 1 }
    const fold = await foldAfresh(journalReader(trx, archive), { tenant, runId: stored.runId, ...bounds })
    found.runs += 1
    found.effects += fold.effects.size
    found.events += fold.events
    const difference = compareRun(fold.run, stored) ?? (await compareEffects(trx, tenant, stored.runId, fold))
    if (difference !== undefined) return { ...found, difference }
  }
  if (found.next !== undefined) return found
  return { ...found, difference: await compareWhole({ trx, archive }, tenant, position) }
}

async function compareEffects<DB>(
  trx: Transaction<DB>,
  tenant: string,
  runId: string,
  { effects }: FreshFold,
): Promise<FoundDifference | undefined> {
  const missing = new Map(effects)
  for (let after = BEFORE_ALL; ; ) {
    const page = await listStoredEffects(trx, { tenant, runId, after, limit: EFFECTS_PER_PAGE })
    for (const stored of page) {
      const difference = compareEffect(effects.get(stored.effectId), runId, stored)
      if (difference !== undefined) return difference
      missing.delete(stored.effectId)
    }
    const last = page.at(-1)
    if (last === undefined || page.length < EFFECTS_PER_PAGE) break
    after = { requestedSeq: last.columns.requestedSeq, effectId: last.effectId }
  }
  const [first] = missing
  return first && { runId, effectId: first[0], path: '', expected: asJson(first[1]), stored: null }
}

/** What no comparison of one run finds: runs without a row, and effects without a run. */
async function compareWhole<DB>(
  { trx, archive }: { trx: Transaction<DB>; archive: PayloadArchive },
  tenant: string,
  position: number,
): Promise<FoundDifference | undefined> {
  const missing = await findMissingRun(trx, { tenant, position })
  if (missing !== undefined) {
    const { run } = await foldAfresh(journalReader(trx, archive), {
      tenant,
      runId: missing,
      position,
      seqMax: Number.POSITIVE_INFINITY,
    })
    return { runId: missing, path: '', expected: run === undefined ? null : asJson(run), stored: null }
  }
  const stray = await findStrayEffect(trx, tenant)
  return stray && { ...stray, path: '', expected: null, stored: 'an effect of a run that has no row' }
}
