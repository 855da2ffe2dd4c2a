import { waitFor } from '@daybook/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { ask } from '../../../packages/eventing/test/ask.ts'
import { openWorld, told, untilState } from './commands-fixture.ts'

const stack = new AsyncDisposableStack()
afterAll(() => stack.disposeAsync())
const world = stack.use(await openWorld())
const one = stack.use(await world.open({ sweepMs: 100 }))
const another = stack.use(await world.open({ sweepMs: 100 }))

const oops = { class: 'crash', message: 'oops', retryable: true }
let accounts = 0
/** An account of its own keeps the messages of a test apart from those of the others. */
const place = (conversation = 'c') => {
  accounts += 1
  const account = `account-${accounts}`
  return { account, conversation, of: { source: 'telegram', account } }
}

describe('of workers', () => {
  it('that race for one message at two instances, one gets it', async () => {
    const { of, ...where } = place()
    const { key } = await one.receive('1', where)
    await untilState(one, key, 'pending')
    const claims = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 ? one : another).claim({ ...of, worker: `w${index}` }),
      ),
    )
    expect(claims.flat().map((claimed) => claimed.key)).toEqual([key])
  })

  it('as many as there are conversations get one each, without waiting for one another', async () => {
    const { of, account } = place()
    const names = Array.from({ length: 12 }, (_, index) => `lane-${index}`)
    for (const conversation of names) await one.receive('1', { account, conversation })
    const claims = await Promise.all(names.map((worker) => one.claim({ ...of, worker })))
    expect(new Set(claims.flat().map(({ conversation }) => conversation))).toEqual(new Set(names))
    expect(claims.every((claimed) => claimed.length === 1)).toBe(true)
  })

  it('one may get several conversations at once, and not two messages of one', async () => {
    const { of, account } = place()
    for (const conversation of ['a', 'b', 'c'])
      for (const id of ['1', '2']) await one.receive(id, { account, conversation })
    const claimed = await one.claim({ ...of, limit: 10 })
    expect(new Set(claimed.map(({ conversation, messageId }) => conversation + messageId))).toEqual(
      new Set(['a1', 'b1', 'c1']),
    )
  })

  // Without (5) of waiting.ts: the newest one, of which the instance knows before it has looked at the read model.
  it('one gets what has been due for longest, whichever instance took it in', async () => {
    const { of, account } = place()
    const names = ['oldest', 'older', 'newest']
    for (const conversation of names.slice(0, 2)) await another.receive('1', { account, conversation })
    const { key } = await one.receive('1', { account, conversation: 'newest' })
    await untilState(one, key, 'pending')
    const order = []
    for (const _name of names) order.push((await one.claim(of))[0]?.conversation)
    expect(order).toEqual(names)
  })

  it('each gets the messages of a conversation in their order, and the next only after the one before', async () => {
    const { of, ...where } = place()
    for (const id of ['1', '2', '3']) await one.receive(id, where)
    const order = []
    for (const at of [one, another, one]) {
      const [claimed] = await at.claim(of, '5s')
      expect(await one.claim(of)).toEqual([])
      order.push(claimed.messageId)
      await at.tell(claimed, 'complete')
    }
    expect(order).toEqual(['1', '2', '3'])
  })

  it('whoever repeats a claim gets the same leases, at another instance too', async () => {
    const { of, account } = place()
    for (const conversation of ['a', 'b', 'c']) await one.receive('1', { account, conversation })
    const claim = { ...of, claimId: 'again', limit: 2 }
    const first = await one.claim(claim)
    expect(first).toHaveLength(2)
    const tokens = (claimed: any[]) => claimed.map(({ key, token }) => `${key} ${token}`).toSorted()
    expect(tokens(await one.claim(claim))).toEqual(tokens(first))
    await Promise.all(first.map(({ key }) => untilState(another, key, 'claimed')))
    expect(tokens(await another.claim(claim))).toEqual(tokens(first))
    expect(await another.claim({ ...claim, worker: 'somebody else', limit: 2 })).toHaveLength(1)
  })

  it('whoever waits gets a message as soon as it comes', async () => {
    const { of, ...where } = place()
    // Two wait, on two instances: one of them gets it, and the other one goes on waiting.
    const sinceMs = performance.now()
    const waiting = [one, another].map(async (instance) => {
      const got = await instance.claim(of, '3s')
      return { got, afterMs: performance.now() - sinceMs }
    })
    const { key } = await one.receive('1', where)
    const all = await Promise.all(waiting)
    const lucky = all.filter(({ got }) => got.length > 0)
    expect(lucky).toMatchObject([{ got: [{ key }] }])
    expect(lucky[0]?.afterMs).toBeLessThan(2_500)
  })

  it('whoever waits gets a message that becomes due, when it does', async () => {
    const { of, ...where } = place()
    const { key } = await one.receive('1', where)
    const [claimed] = await one.claim({ key })
    await one.tell(claimed, 'release', { reason: 'later', delayMs: 1_500 })
    expect(await one.claim(of)).toEqual([])
    const sinceMs = performance.now()
    expect(await another.claim(of, '10s')).toMatchObject([{ key, attempt: 1 }])
    expect(performance.now() - sinceMs).toBeLessThan(5_000)
  })

  it('whoever goes away while he waits gets nothing that would be his until the lease ends', async () => {
    const { of, ...where } = place()
    const client = new AbortController()
    const left = fetch(`${one.service.http.url}/v1/inbound/claim?wait=20s`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ worker: 'gone', ...of }),
      signal: client.signal,
    }).catch(() => 'gone')
    await new Promise((resolve) => setTimeout(resolve, 50))
    client.abort()
    expect(await left).toBe('gone')
    const { key } = await one.receive('1', where)
    expect(await one.claim({ ...of, worker: 'here' }, '5s')).toMatchObject([{ key }])
  })

  it('one that asks for what cannot be is told so', async () => {
    const refused = await Promise.all([
      ask(one, '/v1/inbound/claim?wait=31s', { method: 'POST', body: { worker: 'w' } }),
      ask(one, '/v1/inbound/claim', { method: 'POST', body: { worker: 'w', account: 'a' } }),
      ask(one, '/v1/inbound/claim', { method: 'POST', body: {} }),
    ])
    expect(refused.map(({ status, body }) => [status, body.code])).toEqual(
      refused.map(() => [400, 'invalid-request']),
    )
  })
})

describe('a lease', () => {
  it('that ran out is another worker’s, and the first one’s word counts no more', async () => {
    const { of, ...where } = place()
    const { key } = await one.receive('1', where)
    const [zombie] = await one.claim({ key, leaseMs: 150, worker: 'zombie' })
    const [owner] = await another.claim({ ...of, worker: 'owner' }, '10s')
    expect(owner).toMatchObject({ key, attempt: 2 })
    for (const [command, body] of [
      ['complete', {}],
      ['fail', { error: oops }],
      ['release', { reason: 'stop' }],
      ['extend', {}],
    ] as const)
      expect(await one.tell(zombie, command, body)).toMatchObject({ code: 'lease-lost', status: 409 })
    expect(await another.tell(owner, 'complete', { result: 'mine' })).toEqual({ key, state: 'completed' })
    const message = await untilState(one, key, 'completed')
    expect(message).toMatchObject({ result: 'mine', failures: [{ error: { class: 'lease-expired' } }] })
    expect(told(await world.events(where.conversation)).match(/COMPLETED/g)).not.toBeNull()
  })

  it('that runs out is settled and offered again without anybody asking', async () => {
    const { of, ...where } = place()
    const offers: any[] = []
    await using _listening = world.bus.listen(
      `daybook.deliver.main.inbound.telegram.${of.account}`,
      (message) => {
        offers.push(JSON.parse(message.text()))
      },
    )
    const { key } = await one.receive('1', where)
    await waitFor(() => offers.length > 0, { what: 'an offer' })
    const offer = { key, ...of, ...where, lane: expect.any(String), messageId: '1', attempt: 1 }
    expect(offers[0]).toEqual({ ...offer, dueAt: expect.any(String) })
    await one.claim({ key, leaseMs: 100 })
    await waitFor(() => offers.find(({ attempt }) => attempt === 2), { what: 'another offer' })
    await untilState(another, key, 'pending')
  })

  it('holds across a restart of the instance that granted it', async () => {
    const { of, ...where } = place()
    const { key } = await one.receive('1', where)
    const [claimed] = await (async () => {
      await using instance = await world.open()
      return await instance.claim({ key })
    })()
    await using restarted = await world.open()
    expect(await restarted.claim(of)).toEqual([])
    expect(await restarted.receive('1', where)).toMatchObject({ outcome: 'duplicate-in-progress' })
    expect(await restarted.tell(claimed, 'complete')).toEqual({ key, state: 'completed' })
  })

  it('is kept by extending it, and the token before it stays good', async () => {
    const { of, ...where } = place()
    const { key } = await one.receive('1', where)
    const [claimed] = await one.claim({ key, leaseMs: 300 })
    const extended = await another.tell(claimed, 'extend', { leaseMs: 60_000 })
    expect(extended).toMatchObject({ key, leaseMs: 60_000 })
    expect(extended.token).toBeGreaterThan(claimed.token)
    expect(Date.parse(extended.leaseUntil) - Date.parse(claimed.leaseUntil)).toBeGreaterThan(30_000)
    await new Promise((resolve) => setTimeout(resolve, 400))
    expect(await one.claim(of)).toEqual([])
    expect(await one.tell(claimed, 'complete')).toEqual({ key, state: 'completed' })
  })

  it('ends once: to complete again is answered the same, with another token it is refused', async () => {
    const { of: _of, ...where } = place()
    const { key } = await one.receive('1', where)
    const [claimed] = await one.claim({ key })
    const completed = { key, state: 'completed' }
    expect(await one.tell(claimed, 'complete')).toEqual(completed)
    expect(await one.tell(claimed, 'complete')).toEqual(completed)
    expect(await another.tell(claimed, 'complete')).toEqual(completed)
    const other = { key, token: claimed.token + 1 }
    expect(await another.tell(other, 'complete')).toMatchObject({ code: 'lease-lost' })
  })
})

describe('a message that fails', () => {
  it('is tried again after a pause, and dies with its last attempt', async () => {
    const { of, ...where } = place()
    const { key } = await one.receive('1', where)
    for (const attempt of [1, 2, 3]) {
      const [claimed] = await one.claim(of, '5s')
      expect(claimed).toMatchObject({ key, attempt })
      const answer = await one.tell(claimed, 'fail', { error: oops })
      expect(answer.state).toBe(attempt === 3 ? 'dead' : 'pending')
      expect(typeof answer.nextAttemptAt).toBe(attempt === 3 ? 'undefined' : 'string')
    }
    expect(await untilState(one, key, 'dead')).toMatchObject({ death: { reason: 'attempts' }, attempts: 3 })
  })

  it('does not die of its attempts while it is young, and does at once when trying cannot help', async () => {
    const source = 'patient'
    const { key } = await one.receive('1', { source })
    const [first] = await one.claim({ source }, '5s')
    expect(await one.tell(first, 'fail', { error: oops })).toMatchObject({ state: 'pending' })
    const [second] = await one.claim({ source }, '5s')
    expect(second).toMatchObject({ key, attempt: 2 })
    const error = { ...oops, retryable: false }
    expect(await one.tell(second, 'fail', { error })).toEqual({ key, state: 'dead' })
  })

  it('is given back without an attempt', async () => {
    const { of, ...where } = place()
    const { key } = await one.receive('1', where)
    for (const at of [one, another, one]) {
      const [claimed] = await at.claim(of, '5s')
      expect(claimed).toMatchObject({ key, attempt: 1 })
      expect(await at.tell(claimed, 'release', { reason: 'draining' })).toMatchObject({ state: 'pending' })
    }
  })

  it('and died is requeued behind the others, or dismissed, by an admin only', async () => {
    const { of, ...where } = place()
    const dead = []
    for (const id of ['1', '2']) {
      const { key } = await one.receive(id, where)
      const [claimed] = await one.claim({ key }, '5s')
      await one.tell(claimed, 'fail', { error: { ...oops, retryable: false } })
      dead.push(key)
    }
    await one.receive('3', where)
    const [first, second] = dead
    const forBots = { 'daybook-scopes': 'read,append' }
    expect(await one.post(`messages/${first}/requeue`, { reason: 'mended' }, forBots)).toMatchObject({
      code: 'forbidden',
    })
    expect(await another.post(`messages/${first}/requeue`, { reason: 'mended' })).toMatchObject({
      key: first,
      state: 'pending',
    })
    expect(await another.post(`messages/${first}/requeue`, { reason: 'mended' })).toMatchObject({
      key: first,
      state: 'pending',
    })
    const dismissed = { key: second, state: 'dismissed' }
    expect(await one.post(`messages/${second}/dismiss`, { reason: 'spam' })).toEqual(dismissed)
    expect(await another.post(`messages/${second}/dismiss`, { reason: 'spam' })).toEqual(dismissed)
    expect(await one.post(`messages/${second}/requeue`, { reason: 'no' })).toMatchObject({
      code: 'not-found',
    })
    const order = []
    for (let turn = 0; turn < 2; turn += 1) {
      const [claimed] = await one.claim(of, '5s')
      order.push(claimed.messageId)
      await one.tell(claimed, 'complete')
    }
    expect(order).toEqual(['3', '1'])
  })

  it('of age is dropped with a record where its source says so, and not if a person requeued it', async () => {
    const source = 'stale'
    const { key } = await one.receive('1', { source, eventTime: '2020-01-01T00:00:00.000Z' })
    expect(await one.claim({ source })).toEqual([])
    expect(await untilState(one, key, 'dead')).toMatchObject({ death: { reason: 'stale' } })
    await one.post(`messages/${key}/requeue`, { reason: 'still of interest' })
    expect(await one.claim({ source }, '5s')).toMatchObject([{ key, requeues: 1 }])
  })
})

describe('a replay', () => {
  it('takes up at once what is due and what ran out, and tells which; dry, it only tells', async () => {
    const slow = stack.use(await world.open({ sweepMs: 600_000, offerEveryMs: 600_000 }))
    const where = { source: 'replayed', account: 'a' }
    const { key: due } = await slow.receive('1', { ...where, conversation: 'due' })
    await untilState(slow, due, 'pending')
    const dry = await slow.post('replay', { source: 'replayed', dryRun: true })
    expect(dry).toMatchObject({ total: 1, messages: [{ key: due, was: 'pending', state: 'pending' }] })
    const offers: string[] = []
    await using _listening = world.bus.listen('daybook.deliver.main.inbound.replayed.a', (message) => {
      offers.push(JSON.parse(message.text()).key)
    })
    await waitFor(
      async () => {
        await slow.post('replay', { source: 'replayed', rate: 100 })
        return offers.includes(due)
      },
      { what: 'an offer' },
    )
    expect(await slow.post('replay', {}, { 'daybook-scopes': 'append' })).toMatchObject({ code: 'forbidden' })
  })
})
