import { fileURLToPath } from 'node:url'
import type { Bus } from '@daybook/bus'
import { type Database, type MigrationSource, migrate, openDatabase, openEmbedded } from '@daybook/database'
import {
  canonicalJson,
  checksumOf,
  createUlids,
  FIRST_PREV,
  hashOf,
  type JournalEvent,
  type JsonObject,
  parseStream,
  subjects,
} from '@daybook/events'
import { type RawBuilder, sql } from 'kysely'
import { createMigratedDatabase } from '../../database/test/migrated-database.ts'
import { journalReader } from '../src/journal-reader.ts'

/** What a test says of an event; the rest follows. */
export interface Entry {
  stream: string
  type: string
  data?: JsonObject
  tenant?: string
  /** When the journal recorded it; all at the same time, unless told. */
  recordedAt?: string
  correlationId?: string
}

/** A database with the journal's tables, and what is needed to fill them as the journal would. */
export interface JournalFixture extends AsyncDisposable {
  database: Database<unknown>
  /** A second instance's view of the same database. */
  openAnother(): Database<unknown>
  /** The database as somebody who may do what this role may, and nothing else. */
  openAs(role: string): Database<unknown>
  /** Appends events, one transaction for all, and answers them as committed. */
  append(...entries: Entry[]): Promise<JournalEvent[]>
  /** All events, as they were appended. */
  readAll(): Promise<JournalEvent[]>
  /** Publishes events as the relay does. */
  relay(bus: Bus, events: readonly JournalEvent[]): Promise<void>
  setEra(era: number): Promise<void>
}

const journalMigrations: MigrationSource = {
  service: 'journal',
  directory: fileURLToPath(new URL('../../../services/journal/migrations', import.meta.url)),
}
const EVENTS_STREAM = 'DAYBOOK_EVENTS'
const RECORDED_AT = '2026-11-21T09:00:00.000Z'

/** `more` are the tables of services that read the journal. */
export async function createJournalFixture(...more: readonly MigrationSource[]): Promise<JournalFixture> {
  await using stack = new AsyncDisposableStack()
  const sources = [journalMigrations, ...more]
  const { url } = stack.use(await createMigratedDatabase(...sources))
  const open = url === undefined ? await openInMemory(stack) : () => openPool(stack, url)
  const database = open()
  for (const source of sources) await migrate(database, source)
  const writer = new Writer(database)
  const opened = stack.move()
  return {
    database,
    openAnother: () => (url === undefined ? database : openPool(opened, url)),
    openAs: (role) => openPool(opened, withRole(url ?? '', role)),
    append: (...entries) => writer.append(entries),
    readAll: () => journalReader(database.kysely).page({ limit: 100_000 }),
    relay: (bus, events) => writer.relay(bus, events),
    setEra: async (era) => void (await sql`update journal.head set era = ${era}`.execute(database.kysely)),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

async function openInMemory(stack: AsyncDisposableStack): Promise<() => Database<unknown>> {
  const server = stack.use(await openEmbedded('memory://'))
  return () => server.database<unknown>()
}

function openPool(stack: AsyncDisposableStack, url: string): Database<unknown> {
  return stack.use(openDatabase<unknown>({ url, applicationName: 'test', poolMax: 4 }))
}

/** Every connection begins by becoming the role, as if it had logged in as such. */
function withRole(url: string, role: string): string {
  const address = new URL(url)
  address.searchParams.set('options', `-c role=${role}`)
  return address.href
}

class Writer {
  readonly #database: Database<unknown>
  readonly #nextUlid = createUlids()
  readonly #ends = new Map<string, { seq: number; hash: string }>()
  readonly #previous = new Map<number, number>()
  readonly #lastOfKind = new Map<string, number>()
  #position = 0

  constructor(database: Database<unknown>) {
    this.#database = database
  }

  async append(entries: readonly Entry[]): Promise<JournalEvent[]> {
    const events = entries.map((entry) => this.#commit(entry))
    await this.#database.transaction(async (trx) => {
      for (let start = 0; start < events.length; start += 1_000) {
        await insertStatement(events.slice(start, start + 1_000)).execute(trx)
      }
      await sql`
        insert into journal.streams (tenant, stream, seq, hash, first_position, last_position)
        select tenant, stream, max(seq), sha256(''), min(position), max(position) from journal.events
        group by tenant, stream
        on conflict (tenant, stream) do update set seq = excluded.seq, last_position = excluded.last_position`.execute(
        trx,
      )
      await sql`update journal.head set position = ${this.#position}`.execute(trx)
    })
    return events
  }

  async relay(bus: Bus, events: readonly JournalEvent[]): Promise<void> {
    const state = await bus.streamState(EVENTS_STREAM)
    const messages = events.map((event) => ({
      subject: subjects.event(event),
      data: JSON.stringify(event),
      headers: {
        'Daybook-Position': String(event.position),
        'Daybook-Prev': String(this.#previous.get(event.position)),
        'Daybook-Era': '1',
      },
    }))
    let expected = state?.lastSeq ?? 0
    for (let start = 0; start < messages.length; start += 500) {
      expected = (await bus.publishBatch(EVENTS_STREAM, messages.slice(start, start + 500), expected)).lastSeq
    }
  }

  #commit({
    stream,
    type,
    data = {},
    tenant = 'main',
    recordedAt = RECORDED_AT,
    correlationId,
  }: Entry): JournalEvent {
    const end = this.#ends.get(`${tenant} ${stream}`) ?? { seq: 0, hash: FIRST_PREV }
    const { kind } = parseStream(stream)
    this.#position += 1
    const header = {
      id: this.#nextUlid(),
      tenant,
      stream,
      seq: end.seq + 1,
      type,
      v: 1,
      actor: { kind: 'service' as const, id: 'test' },
      occurredAt: new Date(Date.parse(RECORDED_AT) + this.#position).toISOString(),
      recordedAt,
      ...(correlationId !== undefined && { correlationId }),
      checksum: checksumOf(canonicalJson(data)),
      prev: end.hash,
    }
    const hash = hashOf(header)
    this.#ends.set(`${tenant} ${stream}`, { seq: header.seq, hash })
    this.#previous.set(this.#position, this.#lastOfKind.get(kind) ?? 0)
    this.#lastOfKind.set(kind, this.#position)
    return { ...header, data, position: this.#position, hash }
  }
}

function insertStatement(events: readonly JournalEvent[]): RawBuilder<unknown> {
  const rows = events.map((event) => ({
    ...event,
    kind: parseStream(event.stream).kind,
    data: canonicalJson(event.data),
  }))
  return sql`
    insert into journal.events
    select position, tenant, stream, kind, seq, id, type, v, null, data, 'service', 'test', "occurredAt", "recordedAt",
      "correlationId", null, null, decode(checksum, 'hex'), decode(prev, 'hex'), decode(hash, 'hex'), null
    from json_to_recordset(${JSON.stringify(rows)}::json) as row (
      position bigint, tenant text, stream text, kind text, seq bigint, id text, type text, v integer, data text,
      "occurredAt" timestamptz, "recordedAt" timestamptz, checksum text, prev text, hash text,
      "correlationId" text)`
}
