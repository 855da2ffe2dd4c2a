import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { connectionsFor, countRows, openPool } from './pool.ts'
import { newUlid, type SampleEvent, sampleEvents } from './sample-event.ts'
import type { Scenario, Session, Shape } from './scenario.ts'

/**
 * In the order of Message DB's install.sh. Left out are the views and the role with its privileges: they do not
 * touch a write, and a role would stay behind in a server that is not ours.
 */
const installFiles = [
  'schema/message-store',
  'extensions/pgcrypto',
  'tables/messages',
  'types/message',
  'functions/message-store-version',
  'functions/hash-64',
  'functions/acquire-lock',
  'functions/category',
  'functions/is-category',
  'functions/id',
  'functions/cardinal-id',
  'functions/stream-version',
  'functions/write-message',
  'functions/get-stream-messages',
  'functions/get-category-messages',
  'functions/get-last-stream-message',
  'indexes/messages-id',
  'indexes/messages-stream',
  'indexes/messages-category',
]

/** Its functions call each other without a schema, so every connection needs this. */
const searchPath = 'message_store,public'

export async function installMessageDb(url: string): Promise<void> {
  const directory = new URL('database/', import.meta.resolve('@eventide/message-db/package.json'))
  await using database = await openPool(url, 1, searchPath)
  for (const file of installFiles) {
    await database.pool.query(await readFile(new URL(`${file}.sql`, directory), 'utf8'))
  }
}

/** What Message DB locks for a write is the category: the part of the stream's name before the first hyphen. */
export type Categories = 'one' | 'per-stream'

const cases = {
  one: { name: 'message-db', label: 'Message DB, one category', streamOf: (id: string) => `run-${id}` },
  'per-stream': {
    name: 'message-db-categories',
    label: 'Message DB, category per stream',
    streamOf: (id: string) => `run${id}-1`,
  },
}

/** Message DB's `write_message`. It has no batch, so a request of many events is a transaction of many calls. */
export function messageDb(url: string, categories: Categories): Scenario {
  const { name, label, streamOf } = cases[categories]
  return {
    name,
    label,
    packageName: '@eventide/message-db',
    open: (shape) => openSession(url, shape, streamOf),
    count: () =>
      countRows(url, 'select count(*) from message_store.messages where stream_name like $1', [
        streamOf('%'),
      ]),
  }
}

const write = { name: 'write-message', text: 'select write_message($1, $2, $3, $4, $5)' }

async function openSession(url: string, shape: Shape, streamOf: (id: string) => string): Promise<Session> {
  const { pool, ...database } = await openPool(url, connectionsFor(shape.callers), searchPath)
  const streams = Array.from({ length: shape.callers }, () => streamOf(newUlid()))
  const writeMany = async (stream: string, events: readonly SampleEvent[]): Promise<void> => {
    const client = await pool.connect()
    try {
      await client.query('begin')
      for (const event of events) await client.query({ ...write, values: argumentsOf(stream, event) })
      await client.query('commit')
    } finally {
      client.release()
    }
  }
  return {
    ...database,
    async append(caller) {
      const stream = streams[caller]!
      const events = sampleEvents(shape.eventsPerRequest)
      const [first] = events
      if (events.length > 1 || !first) return writeMany(stream, events)
      await pool.query({ ...write, values: argumentsOf(stream, first) })
    },
  }
}

function argumentsOf(stream: string, event: SampleEvent): string[] {
  const metadata = { v: event.v, actor: event.actor, occurredAt: event.occurredAt }
  return [randomUUID(), stream, event.type, JSON.stringify(event.data), JSON.stringify(metadata)]
}
