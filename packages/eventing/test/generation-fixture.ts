import { fileURLToPath } from 'node:url'
import { type Database, migrate } from '@daybook/database'
import type { JournalEvent } from '@daybook/events'
import { waitFor } from '@daybook/testing'
import { type QueryExecutorProvider, sql } from 'kysely'
import type { Generation } from '../src/generation.ts'
import type { ProjectionSpec } from '../src/projection-spec.ts'
import type { Rebuilds } from '../src/rebuild.ts'
import { createJournalFixture, type Entry, type JournalFixture } from './journal-fixture.ts'
import { silent } from './toy-projection.ts'

export const WAIT_MS = 10_000
const GATE_MS = 8_000
export const ACTOR = { kind: 'user' as const, id: 'ada' }
/** Looks often, and drops what was replaced at once. */
export const EAGER = { lookMs: 20, replacedForMs: 0 }
/** Looks as often, and leaves replaced tables to be looked at. */
export const KEEPING = { lookMs: 20 }

const MIGRATIONS = fileURLToPath(new URL('../../../services/projection/migrations', import.meta.url))

/** A journal, and the generations of a projection whose read model is a diary: which positions were applied, in order. */
export async function createGenerations(): Promise<JournalFixture> {
  const journal = await createJournalFixture()
  await migrate(journal.database, { service: 'projection', directory: MIGRATIONS })
  await sql
    .raw(
      `create table projection_runs_layout.diary (nth bigint generated always as identity, position bigint not null, hand text);
       create index diary_position_idx on projection_runs_layout.diary (position);
       create table projection_runs_g1.diary (like projection_runs_layout.diary including all);
       grant select on projection_runs_layout.diary, projection_runs_g1.diary to daybook_reader;
       -- Of the toy, not of the read model of runs.
       update projection.generations set version = 1 where projection = 'runs'`,
    )
    .execute(journal.database.kysely)
  return journal
}

/** Writes the positions into the diary of whatever generation it is called for. */
export function diarist(hand: string) {
  return async (trx: QueryExecutorProvider, events: readonly JournalEvent[]): Promise<void> => {
    const positions = events.map(({ position }) => position)
    await sql`insert into diary (position, hand) select position, ${hand} from unnest(${positions}::bigint[]) as position`.execute(
      trx,
    )
  }
}

/** A projection that keeps a diary, in generations. */
export function diarySpec(
  database: Database<unknown>,
  changes: Partial<ProjectionSpec<unknown>> = {},
): ProjectionSpec<unknown> {
  return {
    schema: 'projection',
    name: 'runs',
    version: 1,
    kinds: ['run'],
    database,
    apply: diarist('1'),
    reset: async (trx) => void (await sql`truncate diary`.execute(trx)),
    generations: {},
    logger: silent,
    compareMs: 20,
    ...changes,
  }
}

/** The diary of one generation. */
export async function diaryOf(
  database: Database<unknown>,
  generation: number,
): Promise<{ position: number; hand: string }[]> {
  const table = sql.table(`projection_runs_g${generation}.diary`)
  const { rows } = await sql<{ position: number; hand: string }>`
    select position, hand from ${table} order by nth`.execute(database.kysely)
  return rows
}

/** As a reader finds it, wherever it is. */
export async function readDiaryAsReader(trx: QueryExecutorProvider): Promise<number[]> {
  const { rows } = await sql<{ position: number }>`select position from diary order by nth`.execute(trx)
  return rows.map(({ position }) => position)
}

export async function positionsIn({ database }: JournalFixture, generation: number): Promise<number[]> {
  return (await diaryOf(database, generation)).map(({ position }) => position)
}

export function entries(count: number, stream = 'run/a'): Entry[] {
  return Array.from({ length: count }, () => ({ stream, type: 'RUN_HALTED' }))
}

export function upTo(last: number): number[] {
  return Array.from({ length: last }, (_, index) => index + 1)
}

export function untilRuns(rebuilds: Rebuilds, generation: number): Promise<Generation> {
  return waitFor(
    async () =>
      (await rebuilds.list()).find((each) => each.generation === generation && each.state === 'running'),
    { what: `generation ${generation} to run` },
  )
}

/** An apply that waits, in its transaction, until the test lets it go on; or for good measure until it has failed. */
export function gated(apply = diarist('1')) {
  const reached = Promise.withResolvers<void>()
  const open = Promise.withResolvers<void>()
  return {
    reached: reached.promise,
    open: () => open.resolve(),
    apply: async (trx: QueryExecutorProvider, events: readonly JournalEvent[]) => {
      reached.resolve()
      const timer = setTimeout(open.resolve, GATE_MS)
      await open.promise
      clearTimeout(timer)
      await apply(trx, events)
    },
  }
}
