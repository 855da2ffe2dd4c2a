import type { Bus } from '@daybook/bus'
import type { Database } from '@daybook/database'
import type { JournalEvent, Upcast } from '@daybook/events'
import { createLogger } from '@daybook/runtime'
import { type QueryExecutorProvider, sql } from 'kysely'
import type { LeftOutEvent } from '../src/parking.ts'
import { startProjection } from '../src/projection.ts'
import type { Projection } from '../src/projection-spec.ts'

export const silent = createLogger({ service: 'test', level: 'silent' })

/** A read model that is a diary: which positions were applied, in which order. Whatever goes wrong shows in it. */
export async function createDiary(database: Database<unknown>): Promise<void> {
  await sql
    .raw(
      `create schema toy;
       create table toy.checkpoints (
         name text, version integer, kind text, position bigint not null, era integer not null,
         updated_at timestamptz not null default now(), primary key (name, version, kind));
       create table toy.parked_streams (
         name text, version integer, tenant text, stream text, seq bigint not null, position bigint not null,
         code text not null, detail text not null, occurrences integer not null default 1,
         dead_letter_id text not null, primary key (name, version, tenant, stream));
       create table toy.diary (nth bigserial, position bigint not null)`,
    )
    .execute(database.kysely)
}

export async function readDiary(database: Database<unknown>): Promise<number[]> {
  const { rows } = await sql<{ position: number }>`select position from toy.diary order by nth`.execute(
    database.kysely,
  )
  return rows.map(({ position }) => position)
}

export async function writeDiary(trx: QueryExecutorProvider, events: readonly JournalEvent[]): Promise<void> {
  const positions = events.map(({ position }) => position)
  await sql`insert into toy.diary (position) select * from unnest(${positions}::bigint[])`.execute(trx)
}

export interface ToyOptions {
  database: Database<unknown>
  bus?: Bus
  kinds?: string[]
  compareMs?: number
  batchMax?: number
  parkedOpenMax?: number
  upcast?: Upcast
  applyLeftOut?: (trx: QueryExecutorProvider, leftOut: readonly LeftOutEvent[]) => Promise<void>
  apply?: (trx: QueryExecutorProvider, events: readonly JournalEvent[]) => Promise<void>
}

/** A projection that compares itself with the journal so rarely that a test notices whether messages did the work. */
export function startDiary(options: ToyOptions): Projection<unknown> {
  const { database, bus, kinds = ['run'], compareMs = 600_000, apply = writeDiary } = options
  const { batchMax, parkedOpenMax, upcast, applyLeftOut } = options
  return startProjection({
    schema: 'toy',
    name: 'diary',
    version: 1,
    kinds,
    database,
    apply,
    reset: async (trx) => void (await sql`truncate toy.diary`.execute(trx)),
    ...(bus && { consumer: { bus, stream: 'DAYBOOK_EVENTS', durable: 'projection-runs' } }),
    logger: silent,
    compareMs,
    ...(batchMax !== undefined && { batchMax }),
    ...(parkedOpenMax !== undefined && { parkedOpenMax }),
    ...(upcast && { upcast }),
    ...(applyLeftOut && { applyLeftOut }),
  })
}

export function positionsOf(events: readonly JournalEvent[]): number[] {
  return events.map(({ position }) => position)
}
