import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type ApprovalsFixture,
  answered,
  asked,
  completed,
  created,
  effectCancelled,
  openApprovals,
} from './approvals-fixture.ts'

let fixture: ApprovalsFixture
beforeAll(async () => {
  fixture = await openApprovals()
})
afterAll(() => fixture[Symbol.asyncDispose]())

const approve = { decision: 'approve', reason: 'tested' }
const deny = { decision: 'deny', reason: 'too early' }

/** A run that has asked these questions. */
async function ask(runId: string, ...effectIds: string[]): Promise<void> {
  await fixture.append(created(runId), ...effectIds.map((effectId) => asked(runId, effectId)))
}

describe('POST /v1/approvals/{effectId}', () => {
  it('decides, as the person whom the credential names', async () => {
    await ask('d1', 'd1-a')
    const { status, body, headers } = await fixture.decide(
      'd1-a',
      { ...approve, scope: 'once' },
      { person: 'eve' },
    )
    expect(status).toBe(200)
    expect(body).toMatchObject({
      effectId: 'd1-a',
      runId: 'd1',
      status: 'decided',
      decision: 'approve',
      reason: 'tested',
      scope: 'once',
      question: 'Ship d1-a?',
      decidedBy: { kind: 'user', id: 'eve' },
      isVouched: true,
      respondedBy: 'eve',
      decidedSeq: 3,
    })
    const [, , event] = await fixture.tape('run/d1')
    expect(event).toMatchObject({
      type: 'EFFECT_RESOLVED',
      position: Number(headers.get('daybook-position')),
      actor: { kind: 'user', id: 'eve' },
      data: {
        effectId: 'd1-a',
        status: 'ok',
        result: { approved: true, respondedBy: 'eve', response: 'tested' },
      },
    })
  })

  it('can be read back at the position that it answers', async () => {
    await ask('d2', 'd2-a')
    const { headers } = await fixture.decide('d2-a', deny)
    const { body } = await fixture.ask(`/v1/approvals/d2-a?minPosition=${headers.get('daybook-position')}`, {
      at: 1,
    })
    expect(body).toMatchObject({
      status: 'decided',
      decision: 'deny',
      decidedBy: { kind: 'user', id: 'ann' },
    })
  })

  it('lets one win, and tells everybody else who it was, when many decide at once at two instances', async () => {
    for (let round = 0; round < 5; round += 1) {
      const effectId = `race-${round}`
      await ask(`race-run-${round}`, effectId)
      const people = Array.from({ length: 8 }, (_, n) => `person-${n}`)
      const answers = await Promise.all(
        people.map((person, n) =>
          fixture.decide(effectId, n % 2 === 0 ? approve : deny, { person, at: n % 2 }),
        ),
      )
      const winners = answers.filter(({ status }) => status === 200)
      expect(winners).toHaveLength(1)
      const losers = answers.filter(({ status }) => status === 409)
      expect(losers).toHaveLength(people.length - 1)
      for (const { body } of losers) {
        expect(body.code).toBe('already-decided')
        expect(body.details.approval).toEqual(winners[0]?.body)
      }
      expect(await fixture.tape(`run/race-run-${round}`)).toHaveLength(3)
    }
  })

  it('answers a repetition of the same person as the first time, and appends nothing', async () => {
    await ask('d3', 'd3-a')
    const first = await fixture.decide('d3-a', approve)
    const again = await Promise.all([
      fixture.decide('d3-a', approve),
      fixture.decide('d3-a', approve, { at: 1 }),
    ])
    expect(again.map(({ status, body }) => ({ status, body }))).toEqual([
      { status: 200, body: first.body },
      { status: 200, body: first.body },
    ])
    expect(await fixture.tape('run/d3')).toHaveLength(3)
  })

  it('refuses a second decision, also of the same person', async () => {
    await ask('d4', 'd4-a')
    await fixture.decide('d4-a', approve)
    const second = await fixture.decide('d4-a', deny)
    expect(second).toMatchObject({ status: 409, body: { code: 'already-decided' } })
    expect(second.body.details.approval).toMatchObject({ decision: 'approve', reason: 'tested' })
  })

  it('asks for the run where two have an effect with this id', async () => {
    await ask('d5', 'same')
    await ask('d6', 'same')
    const unclear = await fixture.decide('same', approve)
    expect(unclear).toMatchObject({
      status: 409,
      body: { code: 'ambiguous-id', details: { runIds: ['d5', 'd6'] } },
    })
    expect(unclear.body.detail).toContain('runId')
    const clear = await fixture.ask('/v1/approvals/same?runId=d6', { scopes: ['approve'], body: approve })
    expect(clear).toMatchObject({ status: 200, body: { runId: 'd6' } })
    expect((await fixture.ask('/v1/approvals/same?runId=d5')).body.status).toBe('pending')
  })

  it('finds what was asked a moment ago', async () => {
    for (let round = 0; round < 3; round += 1) {
      await fixture.appendUnread(created(`quick-${round}`), asked(`quick-${round}`, `quick-${round}-a`))
      expect(await fixture.decide(`quick-${round}-a`, approve, { at: round % 2 })).toMatchObject({
        status: 200,
      })
    }
  })

  it('is refused once the run has ended, or the question was withdrawn', async () => {
    await fixture.append(
      created('d7'),
      asked('d7', 'd7-a'),
      asked('d7', 'd7-b'),
      effectCancelled('d7', 'd7-b'),
    )
    await fixture.append(completed('d7'))
    for (const effectId of ['d7-a', 'd7-b']) {
      expect(await fixture.decide(effectId, approve)).toMatchObject({
        status: 409,
        body: { code: 'invalid-transition' },
      })
      expect((await fixture.ask(`/v1/approvals/${effectId}`)).body.status).toBe('withdrawn')
    }
  })

  it('needs the scope approve', async () => {
    await ask('d8', 'd8-a')
    expect(await fixture.decide('d8-a', approve, { scopes: ['read', 'append'] })).toMatchObject({
      status: 403,
      body: { code: 'forbidden' },
    })
    expect(await fixture.tape('run/d8')).toHaveLength(2)
  })

  it('knows nothing of other tenants', async () => {
    await ask('d9', 'd9-a')
    expect(await fixture.decide('d9-a', approve, { tenant: 'other' })).toMatchObject({ status: 404 })
    expect(
      await fixture.ask('/v1/approvals/d9-a?runId=d9', {
        tenant: 'other',
        scopes: ['approve'],
        body: approve,
      }),
    ).toMatchObject({ status: 404 })
    expect(await fixture.ask('/v1/approvals/d9-a', { tenant: 'other' })).toMatchObject({ status: 404 })
  })

  it.each([
    [{}, 'invalid-request'],
    [{ decision: 'maybe', reason: 'r' }, 'invalid-request'],
    [{ decision: 'approve' }, 'invalid-request'],
    [{ decision: 'approve', reason: '' }, 'invalid-request'],
    [{ decision: 'approve', reason: 'r', approver: { kind: 'user', id: 'root' } }, 'invalid-request'],
  ])('refuses %j', async (body, code) => {
    expect(await fixture.decide('d1-a', body)).toMatchObject({ status: 400, body: { code } })
  })

  it('refuses what is not there, and what waits for no person', async () => {
    await fixture.append(created('d10'), asked('d10', 'd10-a', { kind: 'node' }))
    for (const path of ['nothing', 'd10-a', 'd10-a?runId=d10', 'd10-a?runId=nothing'])
      expect(
        await fixture.ask(`/v1/approvals/${path}`, { scopes: ['approve'], body: approve }),
      ).toMatchObject({
        status: 404,
        body: { code: 'not-found' },
      })
  })
})

describe('an erasure', () => {
  it('of a question takes it from the lists', async () => {
    await ask('e1', 'e1-a')
    const [, question] = await fixture.tape('run/e1')
    await fixture.erase(question?.id ?? '')
    expect(await fixture.ask('/v1/approvals/e1-a')).toMatchObject({ status: 404 })
    expect((await fixture.ask('/v1/approvals?runId=e1')).body.approvals).toEqual([])
    expect(await fixture.decide('e1-a', approve)).toMatchObject({ status: 404 })
  })

  it('of a decision takes the words, and not that it was made', async () => {
    await ask('e2', 'e2-a')
    await fixture.decide('e2-a', { decision: 'approve', reason: 'a secret' })
    const [, , decision] = await fixture.tape('run/e2')
    await fixture.erase(decision?.id ?? '')
    expect((await fixture.ask('/v1/approvals/export?runId=e2')).text).not.toContain('a secret')
    for (const [at, person] of ['ann', 'bob'].entries())
      expect(await fixture.decide('e2-a', deny, { at, person })).toMatchObject({
        status: 409,
        body: { code: 'already-decided' },
      })
  })
})

describe('GET /v1/approvals', () => {
  let others: ApprovalsFixture
  beforeAll(async () => {
    others = await openApprovals()
    await others.append(created('r1'), created('r2'), asked('r1', 'p1'), asked('r2', 'p2'), asked('r1', 'p3'))
    await others.append(
      asked('r2', 'work', { kind: 'node' }),
      created('r3'),
      asked('r3', 'gone'),
      completed('r3'),
    )
    await others.append(asked('r1', 'told'), answered('r1', 'told', { approved: false, response: 'no' }))
    await others.append(asked('r2', 'dropped'), effectCancelled('r2', 'dropped'))
    const { headers } = await others.decide('p2', approve)
    await others.ask(`/v1/approvals?minPosition=${headers.get('daybook-position')}`)
  })
  afterAll(() => others[Symbol.asyncDispose]())

  const ids = async (query: string) =>
    (await others.ask(`/v1/approvals${query}`)).body.approvals.map(({ effectId }) => effectId)

  it('tells what somebody decided who may from what was appended past the approvals', async () => {
    const { approvals } = (await others.ask('/v1/approvals?status=decided')).body
    expect(approvals).toMatchObject([
      { effectId: 'p2', isVouched: true },
      { effectId: 'told', isVouched: false },
    ])
  })

  it('lists what is asked by all runs, in the order of asking, by status, decision and run', async () => {
    expect(await ids('')).toEqual(['p1', 'p2', 'p3', 'gone', 'told', 'dropped'])
    expect(await ids('?reverse=true')).toEqual(['dropped', 'told', 'gone', 'p3', 'p2', 'p1'])
    expect(await ids('?status=pending')).toEqual(['p1', 'p3'])
    expect(await ids('?status=decided')).toEqual(['p2', 'told'])
    expect(await ids('?status=withdrawn')).toEqual(['gone', 'dropped'])
    expect(await ids('?decision=deny')).toEqual(['told'])
    expect(await ids('?decision=approve')).toEqual(['p2'])
    expect(await ids('?runId=r1&status=pending')).toEqual(['p1', 'p3'])
  })

  it('agrees with what each approval says of itself', async () => {
    for (const status of ['pending', 'decided', 'withdrawn']) {
      const { body } = await others.ask(`/v1/approvals?status=${status}`)
      expect(body.approvals.map((approval) => approval.status)).toEqual(body.approvals.map(() => status))
    }
  })

  it('goes from page to page, both ways, without skipping or repeating', async () => {
    for (const query of ['?limit=1', '?limit=2', '?limit=2&reverse=true', '?limit=1&status=pending']) {
      const seen: string[] = []
      for (let next: string | null = ''; next !== null; ) {
        const { body } = await others.ask(`/v1/approvals${query}${next === '' ? '' : `&cursor=${next}`}`)
        seen.push(...body.approvals.map(({ effectId }) => effectId))
        next = body.next
      }
      expect(seen).toEqual(await ids(query.replace(/limit=\d&?/, '')))
    }
  })

  it('takes days and instants', async () => {
    const all = (await others.ask('/v1/approvals')).body.approvals
    const third = all[2]?.requestedAt ?? ''
    expect(await ids(`?since=${third}`)).toEqual(
      all.filter((a) => a.requestedAt >= third).map((a) => a.effectId),
    )
    expect(await ids(`?until=${third}`)).toEqual(
      all.filter((a) => a.requestedAt < third).map((a) => a.effectId),
    )
    expect(await ids('?since=2001-01-01')).toHaveLength(6)
    expect(await ids('?until=2001-01-01')).toHaveLength(0)
  })

  it('leaves tasks and inputs to the one', async () => {
    const { body, text } = await others.ask('/v1/approvals/p1')
    expect(body).toMatchObject({ effectId: 'p1', inputs: { payload: { question: 'Ship p1?' } } })
    expect(JSON.parse(text)).not.toHaveProperty('result')
    expect((await others.ask('/v1/approvals')).text).not.toContain('payload')
  })

  it.each([
    ['?status=open', 'invalid-request'],
    ['?since=yesterday', 'invalid-request'],
    ['?since=2026-02-31', 'invalid-request'],
    ['?cursor=junk', 'invalid-cursor'],
    ['?colour=blue', 'invalid-request'],
  ])('refuses %s', async (query, code) => {
    expect(await others.ask(`/v1/approvals${query}`)).toMatchObject({ status: 400, body: { code } })
  })
})
