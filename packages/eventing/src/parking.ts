import type { JournalEvent } from '@daybook/events'
import { type QueryExecutorProvider, type RawBuilder, sql } from 'kysely'
import type { CheckpointOwner } from './checkpoint.ts'
import { type DeadLetters, deadLetters } from './dead-letters.ts'

/** A stream that a projection leaves out, from the first event on that it could not apply. */
export interface ParkedStream {
  tenant: string
  stream: string
  /** The first event that is left out. */
  seq: number
  /** That event is here, or, while the stream is taken up again, further on. */
  position: number
  /** Under which a person finds it, and decides. */
  deadLetterId: string
}

/** What a reader has to know before it takes a read model for whole. */
export interface ParkedReads {
  /** From where on the stream is left out; undefined if it is not. */
  find(executor: QueryExecutorProvider, key: StreamKey): Promise<ParkedStream | undefined>
  /** Every one of the tenant's, the lowest position first; 1,000 at most. */
  list(executor: QueryExecutorProvider, tenant: string): Promise<ParkedStream[]>
}

/** A message of the database may quote a value of any size; a person reads the beginning. */
const DETAIL_LENGTH_MAX = 1_000
/** What one look takes on; the next one takes the rest. */
const LIST_MAX = 1_000
/** The code of a dead letter for an event that was not applied. */
const CODE = 'event-not-applied'

/** What Postgres cannot keep in a text, and no more than a person reads. */
function keepable(text: string): string {
  return text.slice(0, DETAIL_LENGTH_MAX).toWellFormed().replaceAll('\u0000', '\uFFFD')
}

/**
 * The streams that a projection leaves out, kept beside its checkpoint in the table `parked_streams`. Each method is one
 * statement, and one more where it keeps a dead letter.
 */
export class ParkingStore implements ParkedReads {
  readonly #table: RawBuilder<unknown>
  readonly #own: RawBuilder<unknown>
  readonly #name: string
  readonly #version: number
  readonly #source: string
  readonly #letters: DeadLetters

  constructor({ schema, name, version, tables = schema }: CheckpointOwner) {
    this.#table = sql.table(`${tables}.parked_streams`)
    this.#own = sql`parked.name = ${name} and parked.version = ${version}::integer`
    this.#name = name
    this.#version = version
    this.#source = `projection-${name}`
    this.#letters = deadLetters(this.#source)
  }

  async find(executor: QueryExecutorProvider, key: StreamKey): Promise<ParkedStream | undefined> {
    return (await this.#list(executor, isStream(key)))[0]
  }

  list(executor: QueryExecutorProvider, tenant: string): Promise<ParkedStream[]> {
    return this.#list(executor, sql`parked.tenant = ${tenant}`)
  }

  /** Those that a person wants to be tried again, in the order of positions. */
  listRequeued(executor: QueryExecutorProvider): Promise<ParkedStream[]> {
    return this.#list(executor, hasLetter('requeued'))
  }

  async #list(executor: QueryExecutorProvider, condition: RawBuilder<unknown>): Promise<ParkedStream[]> {
    const { rows } = await sql<ParkedStream>`
      select parked.tenant, parked.stream, parked.seq, parked.position, parked.dead_letter_id as "deadLetterId"
      from ${this.#table} parked
      where ${this.#own} and ${condition} order by parked.position limit ${LIST_MAX}`.execute(executor)
    return rows
  }

  count(executor: QueryExecutorProvider): Promise<number> {
    return this.#count(executor, sql`true`)
  }

  /** Those nobody has decided about. */
  countOpen(executor: QueryExecutorProvider): Promise<number> {
    return this.#count(executor, hasLetter('open'))
  }

  async #count(executor: QueryExecutorProvider, condition: RawBuilder<unknown>): Promise<number> {
    const { rows } = await sql<{ parked: number }>`
      select count(*) as parked from ${this.#table} parked where ${this.#own} and ${condition}`.execute(
      executor,
    )
    return rows[0]?.parked ?? 0
  }

  /** Which of the events are applied, and which are left out with their streams. */
  async divide(executor: QueryExecutorProvider, events: readonly JournalEvent[]): Promise<Divided> {
    const streams = [...new Map(events.map((event) => [nameOf(event), event])).values()]
    const { rows } = await sql<StreamKey & { seq: number }>`
      select parked.tenant, parked.stream, parked.seq from ${this.#table} parked
      where ${this.#own} and (parked.tenant, parked.stream) in (select * from unnest(
        ${streams.map(({ tenant }) => tenant)}::text[], ${streams.map(({ stream }) => stream)}::text[]))`.execute(
      executor,
    )
    if (rows.length === 0) return { wanted: events, leftOut: [] }
    const parked = new Map(rows.map((row) => [nameOf(row), row.seq]))
    return {
      wanted: events.filter((event) => !parked.has(nameOf(event))),
      leftOut: events.flatMap((event) => {
        const parkedSeq = parked.get(nameOf(event))
        return parkedSeq === undefined ? [] : [{ event, parkedSeq }]
      }),
    }
  }

  /** Leaves the stream out from this event on, and keeps a dead letter of it. Answers the id of that. */
  async park(executor: QueryExecutorProvider, event: JournalEvent, why: string): Promise<string> {
    const { tenant, stream, seq, position } = event
    const detail = keepable(why)
    const deadLetterId = await this.#letters.keep(executor, { event, code: CODE, detail })
    await sql`
      insert into ${this.#table} as parked
        (name, version, tenant, stream, seq, position, code, detail, dead_letter_id)
      values (${this.#name}, ${this.#version}, ${tenant}, ${stream}, ${seq}, ${position}, ${CODE}, ${detail},
        ${deadLetterId})
      on conflict (name, version, tenant, stream) do update set
        -- What is left out begins where it began: an event further on must not hide those before it.
        seq = least(parked.seq, excluded.seq),
        position = case when parked.seq < excluded.seq then parked.position else excluded.position end,
        code = excluded.code, detail = excluded.detail, occurrences = parked.occurrences + 1`.execute(
      executor,
    )
    return deadLetterId
  }

  /** The events up to `last` have been applied after all. */
  async advance(executor: QueryExecutorProvider, key: StreamKey, last: JournalEvent): Promise<void> {
    await sql`
      update ${this.#table} parked set seq = ${last.seq} + 1, position = ${last.position} + 1
      where ${this.#own} and ${isStream(key)}`.execute(executor)
  }

  /** All of the stream has been applied. */
  release(executor: QueryExecutorProvider, key: StreamKey): Promise<void> {
    return this.#release(executor, isStream(key), 'All that was left out has been applied.')
  }

  /** The read model begins anew: nothing is left out any more. */
  releaseAll(executor: QueryExecutorProvider): Promise<void> {
    return this.#release(executor, sql`true`, 'The read model is built again.')
  }

  #release(executor: QueryExecutorProvider, which: RawBuilder<unknown>, because: string): Promise<void> {
    const ids = sql`
      delete from ${this.#table} parked where ${this.#own} and ${which} returning parked.dead_letter_id as id`
    return this.#letters.resolve(executor, { ids, because })
  }

  /**
   * Resolves the dead letters of events up to `position` whose streams are not left out: another generation of the read
   * model, or somebody by hand, has left rows behind that say otherwise.
   */
  settlePassed(executor: QueryExecutorProvider, position: number): Promise<void> {
    const ids = sql`
      select letter.id from journal.dead_letters letter
      where letter.source = ${this.#source} and letter.resolved_at is null and letter.position <= ${position}
        and not exists (
          select from ${this.#table} parked where ${this.#own} and parked.dead_letter_id = letter.id)
      for update`
    return this.#letters.resolve(executor, {
      ids,
      because: 'The read model does not leave this stream out.',
    })
  }
}

export function parkingStore(owner: CheckpointOwner): ParkingStore {
  return new ParkingStore(owner)
}

/** Events of a batch, apart. */
export interface Divided {
  wanted: readonly JournalEvent[]
  leftOut: readonly LeftOutEvent[]
}

/** An event of a parked stream, and the first event of that stream that is left out. */
export interface LeftOutEvent {
  event: JournalEvent
  parkedSeq: number
}

interface StreamKey {
  tenant: string
  stream: string
}

function isStream({ tenant, stream }: StreamKey): RawBuilder<unknown> {
  return sql`parked.tenant = ${tenant} and parked.stream = ${stream}`
}

function hasLetter(status: 'open' | 'requeued'): RawBuilder<unknown> {
  return sql`exists (
    select from journal.dead_letters letter where letter.id = parked.dead_letter_id and letter.status = ${status})`
}

function nameOf({ tenant, stream }: StreamKey): string {
  // A tenant cannot hold a blank.
  return `${tenant} ${stream}`
}
