import { laneOf } from '@daybook/events'
import { describeWithServer, startNats, waitFor } from '@daybook/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ask } from '../../../packages/eventing/test/ask.ts'
import {
  claimed,
  completed,
  dead,
  duplicated,
  erased,
  keyIn,
  PLACE,
  queued,
  received,
} from './message-entries.ts'
import { openService, type ServiceFixture } from './service-fixture.ts'

describeWithServer('the read model of messages', () => {
  let stack: AsyncDisposableStack
  let fixture: ServiceFixture
  beforeAll(async () => {
    stack = new AsyncDisposableStack()
    const nats = stack.use(await startNats())
    // So rarely compared with the journal that what is read here came by messages.
    fixture = stack.use(await openService({ natsUrl: nats.url, compareMs: 600_000 }))
    await waitFor(() => fixture.bus.streamState('DAYBOOK_EVENTS'), { what: 'the stream of events' })
  })
  afterAll(() => stack.disposeAsync())

  const elsewhere = { ...PLACE, conversation: '43' }

  const lastSeq = async (messageId: string): Promise<number | undefined> =>
    (await ask(fixture, `/v1/inbound/messages/${keyIn(messageId)}`)).body.lastSeq

  /** All that is in the tables, but what tells of when it was written. */
  async function contents(): Promise<unknown> {
    const { kysely } = fixture.journal.database
    const read = async (table: string) =>
      (
        await sql<{ row: unknown }>`select to_jsonb(entry) as row from ${sql.table(`inbound.${table}`)} entry
        order by to_jsonb(entry)::text`.execute(kysely)
      ).rows
    const totals = await sql`select * from inbound.totals where total <> 0 order by 1, 2, 3, 4`.execute(
      kysely,
    )
    return { messages: await read('messages'), lanes: await read('lanes'), totals: totals.rows }
  }

  async function verify(): Promise<any> {
    return (await ask(fixture, '/v1/projections/inbound/verify', { method: 'POST' })).body
  }

  it('applies messages once, however often they are delivered', async () => {
    const { journal, bus } = fixture
    const events = await journal.append(
      received('m1'),
      claimed('m1'),
      completed('m1', 1),
      queued('m1', 1, { text: 'reply' }),
      duplicated('m1'),
      received('m2'),
      received('x', 1, elsewhere),
      dead('x', elsewhere),
    )
    await journal.relay(bus, events)
    await waitFor(async () => (await lastSeq('m2')) === 6, { what: 'the messages' })
    const before = await contents()
    await journal.relay(bus, events)
    const more = await journal.append(duplicated('m2'))
    await journal.relay(bus, more)
    await waitFor(async () => (await lastSeq('m2')) === 7, { what: 'the last message' })
    expect(await contents()).not.toEqual(before)
    const { sources } = (await ask(fixture, '/v1/inbound/stats')).body
    expect(sources).toMatchObject([
      { messages: { pending: 1, replying: 1, dead: 1 }, attempts: 1, duplicates: 2 },
    ])
  })

  it('is the same when it is built anew beside the running one', async () => {
    const before = await contents()
    await ask(fixture, '/v1/projections/inbound/rebuild', { method: 'POST', body: { reason: 'doubt' } })
    await waitFor(
      async () => {
        const { body } = await ask(fixture, '/v1/projections')
        const [inbound] = body.projections
        return inbound.generations[0].generation === 2 && inbound.rebuild === null
      },
      { what: 'generation 2 to run' },
    )
    expect(await contents()).toEqual(before)
    expect(await verify()).toMatchObject({ ok: true, next: null, lanes: 2, messages: 3, events: 9 })
  })

  it.each([
    [
      'a document',
      `update inbound_inbound_g2.messages set document = jsonb_set(document, '{attempts}', '9') where message_id = 'm1'`,
      '/message/attempts',
    ],
    [
      'a column',
      `update inbound_inbound_g2.messages set lane_order = 99 where message_id = 'm1'`,
      '/columns/order',
    ],
    [
      'a payload',
      `update inbound_inbound_g2.messages set payload = '"x"' where message_id = 'm2'`,
      '/payload',
    ],
    [
      'the payload of an unfinished message that is gone',
      `update inbound_inbound_g2.messages set payload = null where message_id = 'm2'`,
      '/payload',
    ],
    [
      'a head',
      `update inbound_inbound_g2.lanes set head_due_at = now() where head_key is not null`,
      '/headDueAt',
    ],
    ['a reply that nobody would send', `update inbound_inbound_g2.lanes set reply_key = null`, '/replyKey'],
    ['a total', `update inbound_inbound_g2.totals set total = total + 1 where name = 'payloads'`, '/total'],
    [
      'an unfinished message that is gone',
      `delete from inbound_inbound_g2.messages where message_id = 'm2'`,
      '',
    ],
    [
      'a conversation that is gone',
      `delete from inbound_inbound_g2.lanes where lane = '${laneOf(elsewhere)}'`,
      '',
    ],
  ])('is found wrong by a verification: %s', async (_what, statement, path) => {
    const { kysely } = fixture.journal.database
    const tables = ['messages', 'lanes', 'totals']
    const saved = tables.map(
      (table) => `create table public.saved_${table} as table inbound_inbound_g2.${table}`,
    )
    await sql.raw(saved.join(';')).execute(kysely)
    try {
      await sql.raw(statement).execute(kysely)
      expect(await verify()).toMatchObject({ ok: false, difference: { path } })
    } finally {
      for (const table of tables) await restore(table)
    }
    expect(await verify()).toMatchObject({ ok: true })
  })

  /** Columns that are generated cannot be inserted. */
  async function restore(table: string): Promise<void> {
    const { kysely } = fixture.journal.database
    const { rows } = await sql<{ names: string }>`
      select string_agg(column_name, ', ') as names from information_schema.columns
      where table_schema = 'inbound_inbound_g2' and table_name = ${table} and is_generated = 'NEVER'`.execute(
      kysely,
    )
    const names = rows[0]?.names ?? ''
    await sql
      .raw(`truncate inbound_inbound_g2.${table};
      insert into inbound_inbound_g2.${table} (${names}) select ${names} from public.saved_${table};
      drop table public.saved_${table}`)
      .execute(kysely)
  }

  it('is verified up to an erasure and beyond it', async () => {
    const { journal, bus } = fixture
    await journal.relay(bus, await journal.append(erased([1, 3, 6])))
    await waitFor(async () => (await lastSeq('m2')) === 7 && (await verify()).events === 10, {
      what: 'the notice',
    })
    expect(await verify()).toMatchObject({ ok: true })
    await sql`update inbound_inbound_g2.messages set payload = '"back"'
      where lane = ${laneOf(PLACE)} and state = 'pending'`.execute(journal.database.kysely)
    expect(await verify()).toMatchObject({ ok: false, difference: { path: '/hasPayload', expected: false } })
  })
})
