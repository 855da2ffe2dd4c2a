import { connectionsFor, countRows, openPool } from './pool.ts'
import { newUlid, type SampleEvent, sampleEvents } from './sample-event.ts'
import type { Scenario, Session, Shape } from './scenario.ts'

/** The journal's columns without its promises: no stream heads, no chain, no check of ids beyond the index. */
const createTable = `
  create table events (
    position       bigserial   primary key,
    tenant         text        not null,
    stream         text        not null,
    kind           text        not null,
    seq            bigint      not null,
    id             text        not null unique,
    type           text        not null,
    v              int         not null,
    key            text,
    data           text        not null,
    actor_kind     text        not null,
    actor_id       text        not null,
    occurred_at    timestamptz not null,
    recorded_at    timestamptz not null default now(),
    correlation_id text,
    causation_id   text,
    traceparent    text,
    checksum       bytea       not null,
    prev           bytea       not null,
    hash           bytea       not null
  )`

const insert = {
  name: 'insert-events',
  text: `
    insert into events
      (tenant, stream, kind, seq, id, type, v, data, actor_kind, actor_id, occurred_at, checksum, prev, hash)
    select 'main', $1, 'run', seq, id, type, v, data, actor_kind, actor_id, occurred_at, checksum, prev, hash
    from unnest($2::bigint[], $3::text[], $4::text[], $5::int[], $6::text[], $7::text[], $8::text[],
                $9::timestamptz[], $10::bytea[], $11::bytea[], $12::bytea[])
      as t (seq, id, type, v, data, actor_kind, actor_id, occurred_at, checksum, prev, hash)`,
}

export async function installPlainTable(url: string): Promise<void> {
  await using database = await openPool(url, 1)
  await database.pool.query(createTable)
}

/**
 * The limit to compare with: one `insert … select from unnest(…)` per request. Single events come over a pool.
 * Requests of 100 events come over one connection, as the journal too is one writer; what several writers
 * without an order between them reach is shown beside it.
 */
export function plainInsert(url: string, writers: 'one' | 'many'): Scenario {
  const name = writers === 'one' ? 'plain-insert' : 'parallel-insert'
  const oneConnection = ({ eventsPerRequest }: Shape): boolean => writers === 'one' && eventsPerRequest > 1
  return {
    name,
    packageName: 'pg',
    label: writers === 'one' ? 'plain unnest insert' : 'plain insert, many writers',
    takesPart: (shape) => writers === 'one' || (shape.eventsPerRequest > 1 && shape.callers > 1),
    open(shape) {
      const connections = oneConnection(shape) ? 1 : connectionsFor(shape.callers)
      return openSession({ url, connections, streamPrefix: `run/${name}-` }, shape)
    },
    count: () => countRows(url, 'select count(*) from events where stream like $1', [`run/${name}-%`]),
  }
}

async function openSession(
  writers: { url: string; connections: number; streamPrefix: string },
  shape: Shape,
): Promise<Session> {
  const { pool, ...database } = await openPool(writers.url, writers.connections)
  const streams = Array.from({ length: shape.callers }, () => ({
    name: `${writers.streamPrefix}${newUlid()}`,
    seq: 0,
  }))
  return {
    ...database,
    async append(caller) {
      const stream = streams[caller]!
      const events = sampleEvents(shape.eventsPerRequest)
      const seqs = events.map(() => ++stream.seq)
      await pool.query({ ...insert, values: [stream.name, seqs, ...columnsOf(events)] })
    },
  }
}

/** Stands for a SHA-256 hash. */
const digest = Buffer.alloc(32, 0xdb)

function columnsOf(events: readonly SampleEvent[]): unknown[] {
  const digests = events.map(() => digest)
  return [
    events.map((event) => event.id),
    events.map((event) => event.type),
    events.map((event) => event.v),
    events.map((event) => JSON.stringify(event.data)),
    events.map((event) => event.actor.kind),
    events.map((event) => event.actor.id),
    events.map((event) => event.occurredAt),
    digests,
    digests,
    digests,
  ]
}
