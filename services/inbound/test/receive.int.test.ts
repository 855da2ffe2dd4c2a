import { createUlids } from '@daybook/events'
import { assertCaller, CALLER_HEADER } from '@daybook/runtime'
import { afterAll, describe, expect, it } from 'vitest'
import { ask } from '../../../packages/eventing/test/ask.ts'
import { agent, CALLER_KEY, incoming, openWorld, told, untilState } from './commands-fixture.ts'

const stack = new AsyncDisposableStack()
afterAll(() => stack.disposeAsync())
const world = stack.use(await openWorld())
const one = stack.use(await world.open())
const another = stack.use(await world.open())

const outcomesOf = (answers: readonly { outcome: string }[]): string[] =>
  answers.map(({ outcome }) => outcome)

describe('a message that is delivered', () => {
  it('100 times at once to two instances is received once, and 99 times on record as a duplicate', async () => {
    const conversation = 'storm'
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) => (index % 2 ? one : another).receive('1', { conversation })),
    )
    expect(answers.filter(({ outcome }) => outcome === undefined)).toEqual([])
    expect(outcomesOf(answers).toSorted()).toEqual(['accepted', ...Array(99).fill('duplicate-pending')])
    expect(told(await world.events(conversation))).toBe('RECEIVED DUPLICATED*99')
    await expect.poll(async () => (await one.get(answers[0].key)).duplicates).toBe(99)
  })

  it('is answered 201 the first time, with where it is in the journal, and 200 again', async () => {
    const body = incoming('1', { conversation: 'status' })
    const first = await ask(one, '/v1/inbound/messages', { method: 'POST', body })
    expect(first).toMatchObject({ status: 201, body: { outcome: 'accepted', position: expect.any(Number) } })
    const again = await ask(one, '/v1/inbound/messages', { method: 'POST', body })
    expect(again).toMatchObject({ status: 200, body: { outcome: 'duplicate-pending', key: first.body.key } })
  })

  it('again while somebody works on it is answered with how long that may take', async () => {
    await one.receive('1', { conversation: 'busy' })
    const [claimed] = await one.claim({ key: (await one.receive('1', { conversation: 'busy' })).key })
    await untilState(another, claimed.key, 'claimed')
    const answer = await another.receive('1', { conversation: 'busy' })
    expect(answer).toMatchObject({ outcome: 'duplicate-in-progress', key: claimed.key })
    expect(answer.retryAfterMs).toBeGreaterThan(30_000)
  })

  it('again after it was done is answered with what came of it', async () => {
    const { key } = await one.receive('1', { conversation: 'done' })
    const [claimed] = await one.claim({ key })
    await one.tell(claimed, 'complete', { result: { answer: 42 } })
    await untilState(another, key, 'completed')
    expect(await another.receive('1', { conversation: 'done' })).toEqual({
      outcome: 'duplicate-done',
      key,
      result: { answer: 42 },
    })
  })

  // Without the check that nothing came between: `duplicate-pending`, which is what this instance remembers.
  it('again is answered with what others have made of it meanwhile', async () => {
    const { key } = await one.receive('1', { conversation: 'elsewhere' })
    expect(await one.receive('1', { conversation: 'elsewhere' })).toEqual({
      outcome: 'duplicate-pending',
      key,
    })
    const [claimed] = await another.claim({ key })
    await another.tell(claimed, 'complete', { result: 7 })
    await untilState(another, key, 'completed')
    const answer = await one.receive('1', { conversation: 'elsewhere' })
    expect(answer).toEqual({ outcome: 'duplicate-done', key, result: 7 })
  })

  it('again after it died is answered with why, and stays dead', async () => {
    const { key } = await one.receive('1', { conversation: 'dead' })
    const [claimed] = await one.claim({ key })
    const error = { class: 'refused', message: 'no', retryable: false }
    expect(await one.tell(claimed, 'fail', { error })).toEqual({ key, state: 'dead' })
    await untilState(one, key, 'dead')
    expect(await one.receive('1', { conversation: 'dead' })).toEqual({
      outcome: 'dead',
      key,
      reason: 'not-retryable',
    })
  })

  it('with another body is kept as a conflict, once for each body, and changes nothing', async () => {
    const conversation = 'edited'
    const { key } = await one.receive('1', { conversation })
    const edited = { conversation, payload: { text: 'edited' } }
    expect(await another.receive('1', edited)).toEqual({ outcome: 'conflict', key, state: 'pending' })
    expect(await one.receive('1', edited)).toEqual({ outcome: 'duplicate-pending', key })
    expect(told(await world.events(conversation))).toBe('RECEIVED CONFLICTED DUPLICATED')
    const [claimed] = await one.claim({ key })
    expect(claimed).toMatchObject({ payload: { text: '1' }, conflicts: [{ payload: { text: 'edited' } }] })
  })

  it('with the same body and another time of sending is a duplicate', async () => {
    const conversation = 'resent'
    const { key } = await one.receive('1', { conversation, eventTime: '2026-11-21T09:00:00.000Z' })
    const again = { conversation, eventTime: '2026-11-21T09:05:00.000Z' }
    expect(await one.receive('1', again)).toEqual({ outcome: 'duplicate-pending', key })
  })

  it('is refused without an id, with a wrong time, and when it is too large', async () => {
    expect(await one.receive('')).toMatchObject({
      code: 'invalid-request',
      detail: expect.stringContaining('messageId'),
    })
    expect(await one.receive('1', { eventTime: 'yesterday' })).toMatchObject({ code: 'invalid-request' })
    const payload = 'x'.repeat(256 * 1024)
    expect(await one.receive('large', { payload })).toMatchObject({ code: 'payload-too-large' })
  })

  it('is the same in another conversation only by its id', async () => {
    const keys = await Promise.all(['a', 'b'].map((conversation) => one.receive('same', { conversation })))
    expect(outcomesOf(keys)).toEqual(['accepted', 'accepted'])
    expect(keys[0].key).not.toBe(keys[1].key)
  })

  it('while it is worked on, and that fails, is not lost', async () => {
    const account = 'not-lost'
    const { key } = await one.receive('1', { account })
    const [first] = await one.claim({ key })
    await untilState(another, key, 'claimed')
    expect(outcomesOf([await another.receive('1', { account })])).toEqual(['duplicate-in-progress'])
    await one.tell(first, 'fail', { error: { class: 'crash', message: 'oops', retryable: true } })
    const [second] = await one.claim({ source: 'telegram', account }, '5s')
    expect(second).toMatchObject({ key, attempt: 2 })
    expect(await one.tell(second, 'complete')).toEqual({ key, state: 'completed' })
  })
})

describe('a source that has as many unfinished messages as it may', () => {
  it('takes no more, says when to come back, and still knows what it has', async () => {
    const source = 'small'
    const keys = []
    for (const id of ['1', '2', '3']) keys.push((await one.receive(id, { source })).key)
    const full = await ask(one, '/v1/inbound/messages', { method: 'POST', body: incoming('4', { source }) })
    expect(full).toMatchObject({ status: 429, body: { code: 'overloaded' } })
    expect(Number(full.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await one.receive('2', { source })).toMatchObject({ outcome: 'duplicate-pending' })
    const [claimed] = await one.claim({ source })
    await one.tell(claimed, 'complete')
    await expect.poll(async () => (await one.receive('4', { source })).outcome).toBe('accepted')
  })

  it('has the oldest one die where it is set to, which is on record', async () => {
    const source = 'evicting'
    const received = []
    for (const id of ['1', '2', '3', '4']) received.push(await one.receive(id, { source, conversation: id }))
    expect(outcomesOf(received)).toEqual(Array(4).fill('accepted'))
    const dead = await untilState(one, received[0].key, 'dead')
    expect(dead).toMatchObject({ death: { reason: 'evicted' }, payload: { text: '1' } })
    await untilState(one, received[3].key, 'pending')
  })
})

describe('what the journal keeps of a message', () => {
  const atJournal = async (path: string, body: object, service?: string): Promise<any> => {
    const caller = { tenant: 'main', actor: agent, ...(service !== undefined && { service }) }
    const headers = {
      'content-type': 'application/json',
      [CALLER_HEADER]: assertCaller(CALLER_KEY, { ...caller, scopes: ['admin'] }),
    }
    const response = await fetch(`${world.journalUrl}${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    })
    return response.json()
  }

  it('only the inbound service can say, and not even it that payloads were erased', async () => {
    const { key } = await one.receive('1', { conversation: 'forged' })
    const { lane: stream } = await untilState(one, key, 'pending')
    const draft = (type: string, data: object) => ({ id: createUlids()(), stream, type, v: 1, data })
    const forged = { events: [draft('INBOUND_DUPLICATED', { key })] }
    const reserved = { code: 'reserved-event-type' }
    expect(await atJournal('/v1/events', forged)).toMatchObject(reserved)
    expect(await atJournal('/v1/events', forged, 'projection')).toMatchObject(reserved)
    expect(await atJournal('/v1/events', forged, 'inbound')).toMatchObject({ receipts: [{ seq: 2 }] })
    const data = { erasureId: createUlids()(), ranges: [{ first: 1, last: 1 }] }
    const notice = { events: [draft('INBOUND_PAYLOADS_ERASED', data)] }
    expect(await atJournal('/v1/events', notice, 'inbound')).toMatchObject(reserved)
  })

  it('can be erased: nobody is given it any more, and a repetition is still known', async () => {
    const where = { account: 'erased', conversation: 'erased' }
    const { key } = await one.receive('1', where)
    const { lane: stream } = await untilState(one, key, 'pending')
    expect(await atJournal('/v1/erasures', { stream, reason: 'asked to' })).toMatchObject({ events: 1 })
    expect(told(await world.events('erased'))).toBe('RECEIVED PAYLOADS_ERASED')
    expect(await one.claim({ source: 'telegram', account: 'erased' })).toEqual([])
    const message = await untilState(another, key, 'dead')
    expect(message).toMatchObject({ death: { reason: 'erased' } })
    expect(JSON.stringify(message)).not.toContain('"text":"1"')
    expect(await one.receive('1', where)).toEqual({ outcome: 'dead', key, reason: 'erased' })
  })
})
