import {
  asJson,
  type FoldBounds,
  type FoundDifference,
  findMissingStream,
  journalReader,
  type PayloadArchive,
  type RowsVerification,
} from '@daybook/eventing'
import type { Transaction } from 'kysely'
import { compareEffect, compareRun } from './compare-run.ts'
import { type FreshFold, foldAfresh } from './fold-afresh.ts'
import { findStrayEffect, listStoredEffects, listStoredRuns, type StoredRun } from './store/verify.ts'

const EFFECTS_PER_PAGE = 500
const BEFORE_ALL = { requestedSeq: -1, effectId: '' }
const RUN_ROWS = { kind: 'run', table: 'runs', column: 'run_id' }

/** How the rows of runs and their effects are compared with a fresh fold of the journal; see `verifyRows`. */
export function runsVerification<DB>(archive: PayloadArchive): RowsVerification<DB, StoredRun> {
  return {
    kind: 'run',
    none: { runs: 0, effects: 0, events: 0 },
    list: listStoredRuns,
    idOf: ({ runId }) => runId,
    async compare(trx, stored, { tenant, ...bounds }) {
      const { runId } = stored
      const fold = await foldAfresh(journalReader(trx, archive), { tenant, runId, ...bounds })
      const counts = { runs: 1, effects: fold.effects.size, events: fold.events }
      const difference = compareRun(fold.run, stored) ?? (await compareEffects(trx, { tenant, runId }, fold))
      return { counts, difference }
    },
    compareWhole: (trx, bounds) => compareWhole(trx, archive, bounds),
  }
}

async function compareEffects<DB>(
  trx: Transaction<DB>,
  { tenant, runId }: { tenant: string; runId: string },
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
  return first && { where: { runId, effectId: first[0] }, path: '', expected: asJson(first[1]), stored: null }
}

/** What no comparison of one run finds: runs without a row, and effects without a run. */
async function compareWhole<DB>(
  trx: Transaction<DB>,
  archive: PayloadArchive,
  { tenant, position }: Omit<FoldBounds, 'seqMax'>,
): Promise<FoundDifference | undefined> {
  const runId = await findMissingStream(trx, { tenant, position, ...RUN_ROWS })
  if (runId !== undefined) {
    const bounds = { tenant, runId, position, seqMax: Number.POSITIVE_INFINITY }
    const { run } = await foldAfresh(journalReader(trx, archive), bounds)
    return { where: { runId }, path: '', expected: run === undefined ? null : asJson(run), stored: null }
  }
  const stray = await findStrayEffect(trx, tenant)
  return stray && { where: stray, path: '', expected: null, stored: 'an effect of a run that has no row' }
}
