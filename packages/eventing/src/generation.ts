import { type QueryExecutorProvider, sql } from 'kysely'
import type { CheckpointOwner } from './checkpoint.ts'

/** Where a generation is in its life. One at a time is built, one at a time runs. */
export type GenerationState = 'building' | 'running' | 'replaced' | 'cancelled'

/** What a build is at: applying events, making indexes, or taking the place of the running generation. */
export type BuildPhase = 'loading' | 'indexing' | 'switching'

/** Who asked for a rebuild. */
export interface RebuildActor {
  kind: 'agent' | 'user' | 'service' | 'schedule'
  id: string
}

/** One set of a projection's tables, in a schema of its own. */
export interface Generation {
  generation: number
  /** The schema of its tables, checkpoints and parked streams. */
  tables: string
  /** Of the projection's code that fills it. */
  version: number
  state: GenerationState
  reason: string
  actor: RebuildActor
  /** ISO 8601, milliseconds, UTC; as the others. */
  requestedAt: string
  /** When it began to run; null before. */
  switchedAt: string | null
  /** When it was replaced or cancelled; null before. */
  endedAt: string | null
  /** When its tables were dropped; null before. */
  droppedAt: string | null
  build: BuildReport
}

/** What the instance that builds a generation last told of it. */
export interface BuildReport {
  phase: BuildPhase | null
  /** Events of the journal that it passes per second; null before the first measurement. */
  eventsPerSecond: number | null
  /** Why the build does not get on; it is tried again. */
  failure: string | null
}

/**
 * The generations of one projection. A step from one state to another is a function of the database, which runs as the
 * owner of the tables: a service may neither create nor drop any.
 */
export interface GenerationStore {
  /** Newest first. */
  list(executor: QueryExecutorProvider): Promise<Generation[]>
  running(executor: QueryExecutorProvider): Promise<Generation>
  building(executor: QueryExecutorProvider): Promise<Generation | undefined>
  /** Answers the running one, whose tables are on the search path from then on; see `useTables`. */
  enterRunning(executor: QueryExecutorProvider): Promise<Generation>
  /** Creates empty tables beside the running ones, unless some are being filled already. */
  begin(
    executor: QueryExecutorProvider,
    wish: { version: number; reason: string; actor: RebuildActor },
  ): Promise<void>
  /** Makes this instance the builder for as long as it reports; false while another one is, or when the build has ended. */
  claim(executor: QueryExecutorProvider, generation: number, builder: string): Promise<boolean>
  /** Tells how the build goes on; false if this instance is not its builder any more. */
  report(
    executor: QueryExecutorProvider,
    generation: number,
    report: BuildReport & { builder: string },
  ): Promise<boolean>
  /** Lets another instance go on at once. */
  release(executor: QueryExecutorProvider, generation: number, builder: string): Promise<void>
  /** Makes the indexes that would slow loading down, and gathers statistics for the planner. Idempotent. */
  index(executor: QueryExecutorProvider, generation: number): Promise<void>
  /** Makes it the running one. Fails if it is behind what it replaces. The last step of a transaction. */
  switchTo(executor: QueryExecutorProvider, generation: number): Promise<void>
  /** Gives up what is being built; false if nothing is. */
  cancel(executor: QueryExecutorProvider): Promise<boolean>
  /** Drops the tables of ended generations, replaced ones `graceMs` after their end. */
  drop(executor: QueryExecutorProvider, graceMs: number): Promise<void>
}

/** An instance that has not reported for so long is taken to be gone. Two that build at once are slow, never wrong. */
const SILENT_MS = 15_000

interface GenerationRow extends Omit<Generation, 'actor' | 'build'>, BuildReport {
  actor_kind: RebuildActor['kind']
  actor_id: string
}

const instant = (column: string): string =>
  `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

const columns = sql.raw(`
  generation, schema_name as tables, version, state, reason, actor_kind, actor_id,
  ${instant('requested_at')} as "requestedAt", ${instant('switched_at')} as "switchedAt",
  ${instant('ended_at')} as "endedAt", ${instant('dropped_at')} as "droppedAt", phase, events_per_second as "eventsPerSecond", failure`)

function toGeneration(row: GenerationRow): Generation {
  const { actor_kind: kind, actor_id: id, phase, eventsPerSecond, failure, ...rest } = row
  return { ...rest, actor: { kind, id }, build: { phase, eventsPerSecond, failure } }
}

/** `schema` is that of the service; it has the table `generations` and the functions. */
export function generationStore(owner: CheckpointOwner): GenerationStore {
  return { ...reads(owner), ...reports(owner), ...steps(owner) }
}

function reads({
  schema,
  name,
}: CheckpointOwner): Pick<GenerationStore, 'list' | 'running' | 'building' | 'enterRunning'> {
  const rowsIn = (states: readonly GenerationState[]) => sql`
    from ${sql.table(`${schema}.generations`)} where projection = ${name} and state = any(${states}::text[])
    order by generation desc`
  const read = async (executor: QueryExecutorProvider, states: readonly GenerationState[]) => {
    const { rows } = await sql<GenerationRow>`select ${columns} ${rowsIn(states)}`.execute(executor)
    return rows.map(toGeneration)
  }
  return {
    list: (executor) => read(executor, ['building', 'running', 'replaced', 'cancelled']),
    running: async (executor) => required((await read(executor, ['running']))[0]),
    building: async (executor) => (await read(executor, ['building']))[0],
    async enterRunning(executor) {
      const { rows } = await sql<GenerationRow & { entered: string }>`
        select ${columns}, set_config('search_path', schema_name, true) as entered ${rowsIn(['running'])}`.execute(
        executor,
      )
      const { entered: _entered, ...row } = required(rows[0])
      return toGeneration(row)
    },
  }
}

function required<Row>(row: Row | undefined): Row {
  if (row === undefined) throw new Error('the projection has no generation that runs')
  return row
}

function reports({ schema, name }: CheckpointOwner): Pick<GenerationStore, 'claim' | 'report' | 'release'> {
  const table = sql.table(`${schema}.generations`)
  return {
    async claim(executor, generation, builder) {
      const { numAffectedRows } = await sql`
        update ${table} set builder = ${builder}, seen_at = now()
        where projection = ${name} and generation = ${generation} and state = 'building'
          and (builder is null or builder = ${builder}
            or seen_at < now() - make_interval(secs => ${SILENT_MS / 1_000}))`.execute(executor)
      return numAffectedRows === 1n
    },
    async report(executor, generation, { builder, phase, eventsPerSecond, failure }) {
      const { numAffectedRows } = await sql`
        update ${table} set seen_at = now(), phase = ${phase}, events_per_second = ${eventsPerSecond},
          failure = ${failure}
        where projection = ${name} and generation = ${generation} and state = 'building'
          and builder = ${builder}`.execute(executor)
      return numAffectedRows === 1n
    },
    async release(executor, generation, builder) {
      await sql`
        update ${table} set builder = null
        where projection = ${name} and generation = ${generation} and builder = ${builder}`.execute(executor)
    },
  }
}

function steps({
  schema,
  name,
}: CheckpointOwner): Pick<GenerationStore, 'begin' | 'index' | 'switchTo' | 'cancel' | 'drop'> {
  const call = (step: string) => sql.ref(`${schema}.${step}`)
  return {
    async begin(executor, { version, reason, actor }) {
      await sql`
        select ${call('begin_generation')}(${name}, ${version}, ${reason}, ${actor.kind}, ${actor.id})`.execute(
        executor,
      )
    },
    async index(executor, generation) {
      await sql`select ${call('index_generation')}(${name}, ${generation})`.execute(executor)
    },
    async switchTo(executor, generation) {
      await sql`select ${call('switch_generation')}(${name}, ${generation})`.execute(executor)
    },
    async cancel(executor) {
      const { rows } = await sql<{ cancelled: boolean }>`
        select ${call('cancel_generation')}(${name}) as cancelled`.execute(executor)
      return rows[0]?.cancelled === true
    },
    async drop(executor, graceMs) {
      await sql`
        select ${call('drop_generations')}(${name}, make_interval(secs => ${graceMs / 1_000}))`.execute(
        executor,
      )
    },
  }
}

/**
 * Puts the tables of a generation on the search path until the end of the transaction: handlers and queries name tables
 * without a schema, and meet those of the generation that they were called for.
 */
export async function useTables(executor: QueryExecutorProvider, tables: string): Promise<void> {
  await sql`select set_config('search_path', ${tables}, true)`.execute(executor)
}
