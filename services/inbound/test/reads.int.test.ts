import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask } from '../../../packages/eventing/test/ask.ts'
import { appendAndWait, inConversation, show } from './journaled.ts'
import { claimed, completed, dead, duplicated, keyIn, queued, received, sent } from './message-entries.ts'
import { openService, type ServiceFixture } from './service-fixture.ts'

let fixture: ServiceFixture
beforeAll(async () => {
  fixture = await openService({ compareMs: 20 })
})
afterAll(() => fixture[Symbol.asyncDispose]())

describe('a list of messages', () => {
  const account = 'listed'
  const at = (minute: number, conversation = 'list') =>
    inConversation(conversation, { account, recordedAt: `2026-11-21T10:0${minute}:00.000Z` })
  const ids = (body: any): string[] => body.messages.map(({ messageId }: any) => messageId)
  const list = async (query: string) =>
    (await ask(fixture, `/v1/inbound/messages?source=telegram&account=${account}${query}`)).body

  beforeAll(async () => {
    await appendAndWait(
      fixture,
      ...[1, 2, 3, 4, 5].map((minute) => received(`l${minute}`, minute, at(minute))),
      received('other', 1, at(6, 'elsewhere')),
      dead('l2', at(7)),
      dead('l4', at(7)),
    )
  })

  it('is newest first, filtered by what is asked for', async () => {
    expect(ids(await list(''))).toEqual(['other', 'l5', 'l4', 'l3', 'l2', 'l1'])
    expect(ids(await list('&state=dead'))).toEqual(['l4', 'l2'])
    expect(ids(await list('&conversation=elsewhere'))).toEqual(['other'])
    expect(ids(await list('&state=completed'))).toEqual([])
    expect((await ask(fixture, '/v1/inbound/messages?source=nowhere')).body.messages).toEqual([])
  })

  it('goes on where a page ended, without skipping or repeating, also when messages come meanwhile', async () => {
    const first = await list('&limit=2')
    expect(ids(first)).toEqual(['other', 'l5'])
    await appendAndWait(fixture, received('newer', 1, at(8)))
    const second = await list(`&limit=3&cursor=${first.nextCursor}`)
    expect(ids(second)).toEqual(['l4', 'l3', 'l2'])
    const third = await list(`&limit=3&cursor=${second.nextCursor}`)
    expect(ids(third)).toEqual(['l1'])
    expect(third.nextCursor).toBeNull()
  })

  it('refuses a cursor that is not its own, a state that there is not, and other fields', async () => {
    expect(await list('&cursor=WzEsMl0')).toMatchObject({ code: 'invalid-cursor' })
    expect(await list('&state=lost')).toMatchObject({ code: 'invalid-request' })
    expect(await list('&colour=red')).toMatchObject({ code: 'invalid-request' })
  })

  it('waits for the position that is asked for, and tells its own', async () => {
    const [event] = await fixture.journal.append(received('fresh', 1, inConversation('fresh')))
    const path = `/v1/inbound/messages/${keyIn('fresh', inConversation('fresh'))}?minPosition=${event?.position}`
    const { status, headers } = await ask(fixture, path)
    expect(status).toBe(200)
    expect(Number(headers.get('daybook-position'))).toBeGreaterThanOrEqual(event?.position ?? Number.NaN)
    expect((await ask(fixture, '/v1/inbound/stats?minPosition=99999999')).body).toMatchObject({
      code: 'position-not-reached',
    })
  })

  it('is exported as JSON Lines: the dead ones, unless another state is asked for', async () => {
    const exported = await ask(fixture, `/v1/inbound/export?source=telegram&account=${account}`)
    expect(exported.headers.get('content-type')).toContain('application/x-ndjson')
    const lines = exported.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.map(({ messageId, payload }) => [messageId, payload])).toEqual([
      ['l4', 4],
      ['l2', 2],
    ])
    const pending = await ask(fixture, `/v1/inbound/export?state=pending&account=${account}`)
    expect(pending.text.trimEnd().split('\n')).toHaveLength(5)
    const asReader = await ask(fixture, '/v1/inbound/export', { headers: { 'daybook-scopes': 'read' } })
    expect(asReader).toMatchObject({ status: 403 })
  })
})

describe('the totals', () => {
  it('are those of each source and account, with the oldest pending message', async () => {
    const account = 'counted'
    const at = (minute: number) =>
      inConversation('c', { account, recordedAt: `2026-11-21T11:0${minute}:00.000Z` })
    await appendAndWait(
      fixture,
      received('a', 1, at(1)),
      received('b', 1, at(2)),
      received('c', 1, at(3)),
      claimed('a', at(4)),
      completed('a', 2, at(4)),
      queued('a', 1, 'x', at(4)),
      queued('a', 2, 'y', at(4)),
      sent('a', 1, at(5)),
      duplicated('b', at(5)),
      duplicated('b', at(5)),
    )
    const { sources, nextCursor } = (await ask(fixture, `/v1/inbound/stats?account=${account}`)).body
    expect(nextCursor).toBeNull()
    expect(sources).toEqual([
      {
        source: 'telegram',
        account,
        messages: { pending: 2, claimed: 0, replying: 1, completed: 0, dead: 0, dismissed: 0 },
        payloads: 3,
        oldestPendingAt: '2026-11-21T11:02:00.000Z',
        attempts: 1,
        duplicates: 2,
        conflicts: 0,
        replies: { pending: 1, claimed: 0, sent: 1, ambiguous: 0, dead: 0 },
      },
    ])
    const metrics = (await ask(fixture, '/metrics')).text
    expect(metrics).toMatch(/daybook_inbound_messages\{.*source="telegram",state="replying".*\} \d/)
    expect(metrics).toMatch(/daybook_inbound_replies\{.*source="telegram",state="sent".*\} \d/)
    expect(metrics).toMatch(/daybook_inbound_oldest_pending_seconds\{.*source="telegram".*\} \d/)
    expect((await ask(fixture, '/readyz')).body).toMatchObject({
      ready: true,
      checks: { inbound: { ok: true } },
    })
  })
})

describe('two tenants', () => {
  it('see their own messages and nothing of the other, though key and conversation are the same', async () => {
    const [ours, theirs] = [inConversation('shared'), inConversation('shared', { tenant: 'acme' })]
    await appendAndWait(fixture, received('s', 'ours', ours), received('s', 'theirs', theirs))
    await appendAndWait(fixture, dead('s', theirs))
    const asAcme = { headers: { 'daybook-tenant': 'acme' } }
    expect(await show(fixture, 's', ours)).toMatchObject({ payload: 'ours', state: 'pending' })
    const path = `/v1/inbound/messages/${keyIn('s', ours)}`
    expect((await ask(fixture, path, asAcme)).body).toMatchObject({ payload: 'theirs', state: 'dead' })
    expect((await ask(fixture, '/v1/inbound/messages', asAcme)).body.messages).toHaveLength(1)
    expect((await ask(fixture, '/v1/inbound/export', asAcme)).text.trimEnd().split('\n')).toHaveLength(1)
    expect((await ask(fixture, '/v1/inbound/stats', asAcme)).body.sources).toHaveLength(1)
  })

  it.each(['messages', 'lanes', 'totals'])(
    'are kept apart in %s by the database, whatever is asked',
    async (table) => {
      const { value } = await fixture.service.messages.read('acme', async (trx) =>
        sql<{ tenant: string }>`select distinct tenant from ${sql.table(table)}`.execute(trx),
      )
      expect(value.rows).toEqual([{ tenant: 'acme' }])
    },
  )
})
