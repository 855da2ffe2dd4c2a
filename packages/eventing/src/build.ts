import type { Database } from '@daybook/database'
import { sql, type Transaction } from 'kysely'
import { Applier } from './applier.ts'
import type { BuildPhase, Generation, GenerationStore } from './generation.ts'
import { specOf } from './generation-applier.ts'
import { settleParked } from './parked-between.ts'
import type { ProjectionSpec } from './projection-spec.ts'

/**
 * Measured by CPU time: a row is loaded and written once per batch, so that an event costs a fifth less than in batches
 * of 1,000; in larger ones a page of the journal is more than Postgres sorts in memory. Nobody reads these tables yet,
 * and so nobody waits for the batch.
 */
const BATCH_MAX = 2_500
/** The switch holds up the running generation while it applies what is left, so that must be little. */
const LEFT_TO_SWITCH_MAX = 1_000

export interface BuildParts<DB> {
  spec: ProjectionSpec<DB>
  store: GenerationStore
  /** Told whenever the build gets to another phase. */
  onPhase: (phase: BuildPhase) => void
  /** Told how far it is. */
  onPosition: (position: number) => void
}

/** A build that stopped goes on later, or was ended by a person. */
export type BuildEnd = 'switched' | 'stopped'

/**
 * Fills the tables of a generation and switches it in.
 *
 * 1. Each batch is one transaction with the checkpoint of the generation, so that a build that was stopped goes on where
 *    it was, whichever instance takes it up.
 * 2. A batch need not be on the disk when it is committed: tables and checkpoint are lost together, and built again. The
 *    switch is, and with it everything before.
 * 3. The switch locks the checkpoints of the running generation, applies what is left, and takes its place, in one
 *    transaction: at no moment does a reader find something older than before, and no event is applied to neither.
 */
export async function build<DB>(
  parts: BuildParts<DB>,
  building: Generation,
  signal: AbortSignal,
): Promise<BuildEnd> {
  const { spec, store, onPhase } = parts
  const { database } = spec
  const applier = builderOf(parts, building)
  onPhase('loading')
  if (!(await applier.catchUp(signal))) return 'stopped'
  onPhase('indexing')
  await database.transaction(async (trx) => {
    // As long as it takes: the tables may be large.
    await sql`select set_config('statement_timeout', '0', true)`.execute(trx)
    await store.index(trx, building.generation)
  })
  onPhase('switching')
  do {
    if (!(await applier.catchUp(signal))) return 'stopped'
  } while ((await leftOf(parts, applier)) > LEFT_TO_SWITCH_MAX)
  await database.transaction((trx) => switchIn(parts, { building, trx, signal }))
  return 'switched'
}

function builderOf<DB>(
  { spec, store, onPosition }: BuildParts<DB>,
  building: Generation,
  commit: 'lazily' | 'durably' = 'lazily',
): Applier<DB> {
  // Messages, figures and traces are those of the running generation.
  const { consumer: _messages, metrics: _figures, tracing: _traces, ...rest } = spec
  const inTables = specOf(rest, building, spec.apply)
  const applier: Applier<DB> = new Applier<DB>(
    {
      ...inTables,
      batchMax: BATCH_MAX,
      isBeside: true,
      async apply(trx, events) {
        if (commit === 'lazily') await sql`select set_config('synchronous_commit', 'off', true)`.execute(trx) // 2
        await inTables.apply(trx, events)
      },
      isCurrent: async (executor) => (await store.building(executor))?.generation === building.generation,
    },
    () => onPosition(applier.position),
  )
  return applier
}

async function leftOf<DB>({ spec }: BuildParts<DB>, applier: Applier<DB>): Promise<number> {
  const { rows } = await sql<{ position: number }>`select position from journal.head`.execute(
    spec.database.kysely,
  )
  return (rows[0]?.position ?? 0) - applier.position
}

interface Switch<DB> {
  building: Generation
  trx: Transaction<DB>
  signal: AbortSignal
}

/** 3 */
async function switchIn<DB>(parts: BuildParts<DB>, { building, trx, signal }: Switch<DB>): Promise<void> {
  const { spec, store } = parts
  const running = await store.running(trx)
  const checkpoints = sql.table(`${running.tables}.checkpoints`)
  await sql`select from ${checkpoints} for update`.execute(trx)
  // In this transaction, not in one of its own for each batch.
  const inside = { ...parts, spec: { ...spec, database: within(spec.database, trx) } }
  const isDone = await builderOf(inside, building, 'durably').catchUp(signal)
  if (!isDone) throw new Error('stopped before the switch')
  await settleParked(trx, { spec, leaving: running, staying: building })
  await store.switchTo(trx, building.generation)
}

/** The database as it is within a transaction; what would begin another one takes part in this one. */
function within<DB>(database: Database<DB>, trx: Transaction<DB>): Database<DB> {
  return { ...database, kysely: trx, transaction: (work) => work(trx) }
}
