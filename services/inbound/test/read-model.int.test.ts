import { laneOf } from '@daybook/events'
import { waitFor } from '@daybook/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask } from '../../../packages/eventing/test/ask.ts'
import { appendAndWait, inConversation, show } from './journaled.ts'
import {
  about,
  claimed,
  completed,
  dead,
  duplicated,
  erased,
  failed,
  keyIn,
  type Place,
  queued,
  received,
  sent,
} from './message-entries.ts'
import { openService, type ServiceFixture } from './service-fixture.ts'

const SECRET = 'the secret of somebody'

let fixture: ServiceFixture
beforeAll(async () => {
  fixture = await openService({ compareMs: 20 })
})
afterAll(() => fixture[Symbol.asyncDispose]())

async function laneRow(place: Place): Promise<any> {
  const { rows } = await sql<any>`select * from inbound.lanes where lane = ${laneOf(place)}`.execute(
    fixture.journal.database.kysely,
  )
  return rows[0]
}

async function verify(): Promise<any> {
  return (await ask(fixture, '/v1/projections/inbound/verify', { method: 'POST' })).body
}

function execute(statement: string): Promise<unknown> {
  return sql.raw(statement).execute(fixture.journal.database.kysely)
}

describe('a message', () => {
  const place = inConversation('states')

  it('is shown as its events left it, with its payload', async () => {
    await appendAndWait(
      fixture,
      received('m1', { text: 'hello' }, place),
      claimed('m1', place),
      failed('m1', 5_000, place),
    )
    expect(await show(fixture, 'm1', place)).toMatchObject({
      key: keyIn('m1', place),
      lane: laneOf(place),
      messageId: 'm1',
      state: 'pending',
      payload: { text: 'hello' },
      attempts: 1,
      nextAttemptAt: '2026-11-21T09:00:05.000Z',
      failures: [{ attempt: 1, error: { class: 'timeout' } }],
    })
    await appendAndWait(
      fixture,
      claimed('m1', place),
      completed('m1', 1, place),
      queued('m1', 1, { text: 'hi' }, place),
    )
    expect(await show(fixture, 'm1', place)).toMatchObject({
      state: 'replying',
      replies: [{ reply: 1, state: 'pending' }],
    })
    await appendAndWait(fixture, sent('m1', 1, place), duplicated('m1', place))
    expect(await show(fixture, 'm1', place)).toMatchObject({
      state: 'completed',
      result: { done: 'm1' },
      duplicates: 1,
      payload: { text: 'hello' },
      replies: [{ reply: 1, state: 'sent', receipt: { id: 1 } }],
    })
  })

  it('keeps a payload that is null apart from none', async () => {
    await appendAndWait(fixture, received('null', null, place))
    const shown = await show(fixture, 'null', place)
    expect(shown.payload).toBeNull()
    expect(shown.payloadEvicted).toBeUndefined()
  })

  it('is not found where it was never received', async () => {
    expect(await ask(fixture, `/v1/inbound/messages/${keyIn('nobody')}`)).toMatchObject({
      status: 404,
      body: { code: 'not-found' },
    })
    expect((await ask(fixture, '/v1/inbound/messages/not-a-key')).body).toMatchObject({
      code: 'invalid-request',
    })
  })
})

describe('a conversation', () => {
  it('has the first message that is not finished at its head, and the first reply beside it', async () => {
    const place = inConversation('heads')
    await appendAndWait(fixture, received('a', 1, place), received('b', 2, place), received('c', 3, place))
    expect(await laneRow(place)).toMatchObject({
      seq: 3,
      head_key: keyIn('a', place),
      head_order: 1,
      reply_key: null,
    })
    await appendAndWait(fixture, claimed('a', place))
    const { head_due_at: leaseEnd } = await laneRow(place)
    expect(new Date(leaseEnd).toISOString()).toBe('2026-11-21T09:05:00.000Z')
    await appendAndWait(fixture, completed('a', 1, place), queued('a', 1, 'A', place), claimed('b', place))
    expect(await laneRow(place)).toMatchObject({
      head_key: keyIn('b', place),
      reply_key: keyIn('a', place),
      reply_order: 6,
    })
    await appendAndWait(fixture, dead('b', place), about('b', 'INBOUND_REQUEUED', { reason: 'again' }, place))
    expect(await laneRow(place)).toMatchObject({ head_key: keyIn('c', place) })
    await appendAndWait(fixture, sent('a', 1, place), claimed('c', place), completed('c', 0, place))
    expect(await laneRow(place)).toMatchObject({ head_key: keyIn('b', place), reply_key: null, seq: 12 })
  })

  it('is not brought back to life by an event of a message whose row is gone', async () => {
    // Of a tenant of its own, whose totals need not be right.
    const place = inConversation('gone', { tenant: 'gone' })
    await appendAndWait(fixture, received('old', 1, place), claimed('old', place), completed('old', 0, place))
    await execute(`delete from inbound_inbound_g1.messages where tenant = 'gone'`)
    await appendAndWait(fixture, duplicated('old', place))
    const path = `/v1/inbound/messages/${keyIn('old', place)}`
    expect((await ask(fixture, path, { headers: { 'daybook-tenant': 'gone' } })).status).toBe(404)
    expect(await laneRow(place)).toMatchObject({ seq: 4, head_key: null })
  })
})

describe('a conversation of which payloads were erased', () => {
  it('has nothing of them in the read model, whatever state its messages are in', async () => {
    const place = inConversation('of a person')
    const [first] = await appendAndWait(
      fixture,
      received('done', { text: SECRET }, place),
      claimed('done', place),
      completed('done', 1, place),
      queued('done', 1, SECRET, place),
      sent('done', 1, place),
      received('waiting', { text: SECRET }, place),
      received('kept', { text: 'public' }, place),
    )
    await appendAndWait(fixture, erased([1, 3, 4, 6], place))
    const { rows } = await sql<{ row: string }>`
      select message::text as row from inbound.messages message where lane = ${first?.stream}`.execute(
      fixture.journal.database.kysely,
    )
    expect(rows.filter(({ row }) => row.includes(SECRET) || row.includes('of a person'))).toHaveLength(1)
    const waiting = await show(fixture, 'waiting', place)
    expect(waiting).toMatchObject({ state: 'pending', messageId: '', conversation: '' })
    expect(waiting).not.toHaveProperty('payload')
    expect(waiting).not.toHaveProperty('payloadEvicted')
    const done = await show(fixture, 'done', place)
    expect(done).toMatchObject({ state: 'completed', replies: [{ state: 'sent' }] })
    expect(done).not.toHaveProperty('result')
    expect(await show(fixture, 'kept', place)).toMatchObject({
      payload: { text: 'public' },
      conversation: 'of a person',
    })
    expect(await laneRow(place)).toMatchObject({ seq: 8, head_key: keyIn('waiting', place) })
    expect(await verify()).toMatchObject({ ok: true, difference: null })
  })
})

describe('a conversation with an event that cannot be applied', () => {
  it('says so, lets what was erased go, holds up no other one, and is whole again after it was requeued', async () => {
    const [bad, good] = [inConversation('bad'), inConversation('good')]
    await execute(
      `alter table inbound_inbound_g1.messages add constraint refused check (message_id <> 'cursed')`,
    )
    await appendAndWait(
      fixture,
      received('b1', SECRET, bad),
      received('cursed', 2, bad),
      claimed('b1', bad),
      received('g1', 1, good),
    )
    expect(await show(fixture, 'g1', good)).toMatchObject({ state: 'pending' })
    expect(await show(fixture, 'b1', bad)).toMatchObject({
      state: 'pending',
      payload: SECRET,
      parked: { seq: 2 },
    })
    const listed = (
      await ask(fixture, '/v1/inbound/messages?source=telegram&account=support&conversation=bad')
    ).body
    expect(listed).toMatchObject({ parked: 1, messages: [{ parked: { deadLetterId: expect.any(String) } }] })
    await appendAndWait(fixture, erased([1], bad))
    expect(await show(fixture, 'b1', bad)).not.toHaveProperty('payload')
    await execute('alter table inbound_inbound_g1.messages drop constraint refused')
    await execute(`update journal.dead_letters set status = 'requeued'`)
    await waitFor(async () => (await show(fixture, 'b1', bad)).parked === undefined, {
      what: 'the mark to go',
    })
    expect(await show(fixture, 'b1', bad)).toMatchObject({ state: 'claimed' })
    expect(await show(fixture, 'cursed', bad)).toMatchObject({ state: 'pending', payload: 2 })
  })
})
