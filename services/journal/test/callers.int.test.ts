import { decisionKeyOf } from '@daybook/events'
import { assertCaller, assertedCallers, CALLER_HEADER, type Caller } from '@daybook/runtime'
import { afterAll, describe, expect, it } from 'vitest'
import { createJournalDatabase, log, nextId, openJournalService, readAll } from './service-fixture.ts'

const KEY = 'the-caller-key-of-this-test-of-callers'
const stack = new AsyncDisposableStack()
afterAll(() => stack.disposeAsync())
const database = stack.use(await createJournalDatabase())
const { service } = stack.use(
  await openJournalService(database.connect(), undefined, { callers: assertedCallers(KEY) }),
)

const bot = { kind: 'agent', id: 'release-bot' } as const
const caller = (more: Partial<Caller> = {}): Caller => ({
  tenant: 'main',
  actor: bot,
  scopes: ['append'],
  ...more,
})

async function append(who: Caller | undefined, event: object): Promise<{ status: number; body: any }> {
  const response = await fetch(`${service.http.url}/v1/events`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(who && { [CALLER_HEADER]: assertCaller(KEY, who) }),
    },
    body: JSON.stringify({ events: [event] }),
  })
  return { status: response.status, body: await response.json() }
}

async function actorsOf(stream: string): Promise<object[]> {
  const events = await readAll(database.connect())
  return events.filter((event) => event.stream === stream).map(({ actor }) => actor)
}

describe('the actor of an event', () => {
  it('is its caller', async () => {
    expect((await append(caller(), log('run/own', 'a'))).status).toBe(201)
    expect((await append(caller(), log('run/own', 'b', { actor: bot }))).status).toBe(201)
    expect(await actorsOf('run/own')).toEqual([bot, bot])
  })

  it('is nobody else, so that no token speaks in the name of another', async () => {
    for (const actor of [
      { kind: 'user', id: 'release-bot' },
      { kind: 'agent', id: 'ann' },
    ] as const) {
      const { status, body } = await append(caller(), log('run/other', 'a', { actor }))
      expect([status, body.code, body.details.path]).toEqual([403, 'forbidden', 'events[0].actor'])
    }
    expect(await actorsOf('run/other')).toEqual([])
  })

  it('is whom an admin says, who brings in what others did', async () => {
    const admin = caller({ scopes: ['admin'] })
    const ann = { kind: 'user', id: 'ann' } as const
    expect((await append(admin, log('run/import', 'a', { actor: ann }))).status).toBe(201)
    expect((await append(admin, log('run/import', 'b'))).status).toBe(201)
    expect(await actorsOf('run/import')).toEqual([ann, bot])
  })
})

describe('an append', () => {
  it('of nobody, or of one who may only read, is refused before it is looked at', async () => {
    expect((await append(undefined, {})).status).toBe(401)
    const { status, body } = await append(caller({ scopes: ['read', 'approve'] }), {})
    expect([status, body.details]).toEqual([403, { scope: 'append' }])
  })

  it('says of tokens only what the gateway says by itself', async () => {
    const event = {
      id: nextId(),
      stream: 'token/0a1b2c3d4e5f6',
      type: 'TOKEN_REVOKED',
      v: 1,
      data: { tokenId: '0a1b2c3d4e5f6' },
    }
    for (const who of [caller(), caller({ scopes: ['admin'] }), caller({ service: 'projection' })])
      expect((await append(who, event)).body.code).toBe('reserved-event-type')
    expect((await append(caller({ service: 'gateway' }), event)).status).toBe(201)
    const hold = { ...event, id: nextId(), stream: 'hold/legal', type: 'HOLD_SET' }
    const data = { stream: 'run/a', reason: 'x' }
    expect((await append(caller({ service: 'gateway' }), { ...hold, data })).body.code).toBe(
      'reserved-event-type',
    )
  })

  it('says of jobs only what the cron service says, and not even it that payloads were erased', async () => {
    const paused = {
      id: nextId(),
      stream: 'cron/nightly',
      type: 'CRON_JOB_PAUSED',
      v: 1,
      data: { at: '2026-11-22T02:00:00.000Z' },
    }
    for (const who of [caller(), caller({ scopes: ['admin'] }), caller({ service: 'inbound' })])
      expect((await append(who, paused)).body.code).toBe('reserved-event-type')
    expect((await append(caller({ service: 'cron' }), paused)).status).toBe(201)
    const data = { erasureId: nextId(), ranges: [{ first: 1, last: 1 }] }
    const notice = { ...paused, id: nextId(), type: 'CRON_PAYLOADS_ERASED', data }
    expect((await append(caller({ service: 'cron' }), notice)).body.code).toBe('reserved-event-type')
  })

  it('decides about what waits for a person only where the service of approvals says so', async () => {
    const answer = {
      id: nextId(),
      stream: 'run/asks',
      type: 'EFFECT_RESOLVED',
      v: 1,
      data: { effectId: 'e1', status: 'ok', result: { approved: true } },
    }
    const decision = { ...answer, id: nextId(), key: decisionKeyOf('e1') }
    for (const who of [caller(), caller({ scopes: ['admin'] }), caller({ service: 'gateway' })])
      expect((await append(who, decision)).body.code).toBe('reserved-event-type')
    expect((await append(caller({ service: 'projection' }), decision)).status).toBe(201)
    // The same words without the key are a claim, and taken for one.
    expect((await append(caller(), answer)).status).toBe(201)
  })
})
