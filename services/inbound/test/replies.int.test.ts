import { connectBus } from '@daybook/bus'
import { DaybookError } from '@daybook/errors'
import { journalAppender } from '@daybook/eventing'
import { createUlids, type Draft, subjects } from '@daybook/events'
import { assertCaller, CALLER_HEADER } from '@daybook/runtime'
import { waitFor } from '@daybook/testing'
import { afterAll, describe, expect, it } from 'vitest'
import {
  agent,
  CALLER_KEY,
  type Instance,
  incoming,
  openWorld,
  told,
  untilState,
} from './commands-fixture.ts'

const stack = new AsyncDisposableStack()
afterAll(() => stack.disposeAsync())
const world = stack.use(await openWorld())
const one = stack.use(await world.open({ sweepMs: 100 }))
const another = stack.use(await world.open({ sweepMs: 100 }))

let conversations = 0
const chat = (source = 'telegram') => {
  conversations += 1
  return { source, account: `account-${conversations}`, conversation: `chat-${conversations}` }
}

/** Receives a message and completes it with replies. */
async function answered(at: Instance, messageId: string, replies: string[], where: object): Promise<string> {
  const { key } = await at.receive(messageId, where)
  const [claimed] = await at.claim({ key }, '5s')
  const body = { replies: replies.map((payload) => ({ payload })) }
  expect(await at.tell(claimed, 'complete', body)).toEqual({ key, state: 'replying' })
  return key
}

const sender = ({ source, account }: { source: string; account: string }) => ({ source, account })

describe('the replies of a conversation', () => {
  it('are sent in their order, one at a time, and finish their messages', async () => {
    const where = chat()
    const first = await answered(one, '1', ['1a', '1b'], where)
    const second = await answered(one, '2', ['2a'], where)
    const sent = []
    for (const at of [one, another, one]) {
      const [reply] = await at.claimReplies(sender(where), '5s')
      expect(await another.claimReplies(sender(where))).toEqual([])
      sent.push(reply.payload)
      const answer = await at.tell(reply, 'sent', { receipt: { id: reply.payload } })
      expect(answer).toMatchObject({ key: reply.key, reply: reply.reply, state: 'sent' })
      expect(await another.tell(reply, 'sent')).toEqual(answer)
    }
    expect(sent).toEqual(['1a', '1b', '2a'])
    for (const key of [first, second]) await untilState(one, key, 'completed')
  })

  it('are offered, and do not hold up the messages that come after', async () => {
    const where = chat()
    const offers: any[] = []
    const subject = `daybook.deliver.main.outbound.telegram.${where.account}`
    await using _listening = world.bus.listen(
      subject,
      (message) => void offers.push(JSON.parse(message.text())),
    )
    const key = await answered(one, '1', ['1a'], where)
    await waitFor(() => offers.length > 0, { what: 'an offer' })
    expect(offers[0]).toMatchObject({ key, reply: 1, messageId: '1', attempt: 1 })
    await one.receive('2', where)
    expect(await one.claim(sender(where), '5s')).toMatchObject([{ messageId: '2' }])
  })

  it('are ambiguous when their sender does not report, and are not sent again', async () => {
    const where = chat()
    const key = await answered(one, '1', ['1a'], where)
    const [reply] = await one.claimReplies({ ...sender(where), leaseMs: 100 }, '5s')
    const message = await untilState(one, key, 'completed')
    expect(message.replies).toMatchObject([{ state: 'ambiguous', mayBeDuplicate: true }])
    expect(await one.tell(reply, 'sent')).toMatchObject({ code: 'lease-lost' })
    expect(await one.claimReplies(sender(where))).toEqual([])
  })

  it('are sent again as possible repetitions where the source says so', async () => {
    const where = chat('resending')
    await answered(one, '1', ['1a'], where)
    const [first] = await one.claimReplies(sender(where), '5s')
    const error = { class: 'timeout', message: 'no answer', retryable: true }
    expect(await one.tell(first, 'fail', { error, outcome: 'unknown' })).toMatchObject({ state: 'pending' })
    const [second] = await another.claimReplies(sender(where), '5s')
    expect(second).toMatchObject({
      reply: 1,
      attempt: 2,
      mayBeDuplicate: true,
      idempotencyKey: first.idempotencyKey,
    })
    expect(await another.tell(second, 'sent')).toMatchObject({ state: 'sent', messageState: 'completed' })
    expect(told(await world.events(where.conversation))).toContain('REPLY_AMBIGUOUS REPLY_CLAIMED REPLY_SENT')
  })

  it('are kept by extending, given back, and tried again when they were certainly not sent', async () => {
    const where = chat()
    await answered(one, '1', ['1a'], where)
    const [first] = await one.claimReplies(sender(where), '5s')
    expect(await another.tell(first, 'extend', { leaseMs: 60_000 })).toMatchObject({
      leaseMs: 60_000,
      reply: 1,
    })
    expect(await one.tell(first, 'release', { reason: 'draining' })).toMatchObject({ state: 'pending' })
    const [second] = await one.claimReplies(sender(where), '5s')
    expect(second.attempt).toBe(1)
    const error = { class: 'busy', message: '429', retryable: true }
    expect(await one.tell(second, 'fail', { error, outcome: 'not-sent' })).toMatchObject({ state: 'pending' })
    expect(await another.claimReplies(sender(where), '5s')).toMatchObject([
      { attempt: 2, mayBeDuplicate: false },
    ])
  })

  it('that cannot be sent make their message dead; requeued, they alone are sent again', async () => {
    const where = chat()
    const key = await answered(one, '1', ['1a'], where)
    const [reply] = await one.claimReplies(sender(where), '5s')
    const error = { class: 'blocked', message: 'the user left', retryable: false }
    const refused = await one.tell(reply, 'fail', { error, outcome: 'not-sent' })
    expect(refused).toMatchObject({ state: 'dead', messageState: 'dead' })
    expect(await untilState(one, key, 'dead')).toMatchObject({ death: { reason: 'reply-dead' } })
    expect(await another.post(`messages/${key}/requeue`, { reason: 'back' })).toEqual({
      key,
      state: 'replying',
    })
    const [again] = await one.claimReplies(sender(where), '5s')
    expect(again).toMatchObject({ key, reply: 1 })
    expect(await one.tell(again, 'sent')).toMatchObject({ messageState: 'completed' })
    expect(await one.claim(sender(where))).toEqual([])
  })
})

describe('over NATS', () => {
  const request = async (subject: string, body: object): Promise<any> => {
    try {
      return JSON.parse(
        (await world.bus.request(subject, JSON.stringify(body), { timeoutMs: 10_000 })).text(),
      )
    } catch (error) {
      if (error instanceof DaybookError) return { code: error.code }
      throw error
    }
  }
  const command = (name: string, body: object) =>
    request(subjects.commandBy('main', 'inbound', name, agent), body)

  it('the holder of a token works in its own name', async () => {
    const where = chat()
    const received = await command('receive', incoming('1', where))
    expect(received).toMatchObject({ outcome: 'accepted' })
    const { messages } = await command('claim', { worker: 'n', ...sender(where), wait: '5s' })
    const [{ key, token }] = messages
    const replies = [{ payload: 'hello' }]
    expect(await command('complete', { key, token, replies })).toEqual({ key, state: 'replying' })
    const claimed = await command('claim-replies', { worker: 'n', ...sender(where), wait: '5s' })
    const reply = { key, reply: 1, token: claimed.replies[0].token }
    expect(await command('reply-sent', reply)).toMatchObject({ state: 'sent', messageState: 'completed' })
    const events = await world.events(where.conversation)
    expect(events.map(({ actor }) => actor)).toEqual(Array(events.length).fill(agent))
  })

  it('refusals are problems, and what is for admins or unknown is not there', async () => {
    expect(await command('claim', { worker: 'n', wrong: 1 })).toEqual({ code: 'invalid-request' })
    expect(await command('requeue', { key: 'a'.repeat(52), reason: 'x' })).toEqual({ code: 'not-found' })
    const { key } = await one.receive('1', chat())
    expect(await command('complete', { key, token: 9 })).toEqual({ code: 'lease-lost' })
    const unknown = { key: 'a'.repeat(52), token: 9 }
    expect(await request(subjects.rpc('main', 'inbound', 'complete'), unknown)).toEqual({ code: 'not-found' })
  })
})

describe('the journal', () => {
  const tenant = 'main'
  const author = { tenant, actor: agent }
  const caller = { ...author, scopes: ['append'], service: 'inbound' } as const
  const log = (stream: string): Draft => ({
    id: createUlids()(),
    stream,
    type: 'PROCESS_LOG',
    v: 1,
    data: { message: 'hello' },
  })
  const ask = async (body: object, headers: Record<string, string>, of = tenant): Promise<any> => {
    const subject = subjects.rpc(of, 'journal', 'append')
    try {
      const options = { timeoutMs: 5_000, headers }
      return JSON.parse((await world.bus.request(subject, JSON.stringify(body), options)).text())
    } catch (error) {
      if (error instanceof DaybookError) return { code: error.code }
      throw error
    }
  }

  it('learns over NATS for whom a service asks, and believes nobody without the key', async () => {
    const events = [log('run/vouched')]
    const forged = assertCaller('another key that is long enough to be one', caller)
    expect(await ask({ events }, { [CALLER_HEADER]: forged })).toEqual({ code: 'unauthenticated' })
    const vouched = { [CALLER_HEADER]: assertCaller(CALLER_KEY, caller) }
    expect(await ask({ events }, vouched, 'other')).toEqual({ code: 'forbidden' })
    expect(await ask({ events }, vouched)).toMatchObject({ receipts: [{ seq: 1, duplicate: false }] })
    const [{ actor } = {}] = await world.eventsOf('run/vouched')
    expect(actor).toEqual(agent)
  })

  it('keeps over NATS what only the inbound service may say', async () => {
    const { key, outcome } = await one.receive('1', chat())
    expect(outcome).toBe('accepted')
    const { lane: stream } = await untilState(one, key, 'pending')
    const draft = { ...log(stream), type: 'INBOUND_DUPLICATED', data: { key } }
    const other = { [CALLER_HEADER]: assertCaller(CALLER_KEY, { ...caller, service: 'projection' }) }
    for (const headers of [{}, other])
      expect(await ask({ events: [draft] }, headers)).toEqual({ code: 'reserved-event-type' })
  })

  it('is asked over HTTP while NATS is away, and of what is too large for it', async () => {
    const options = { url: world.journalUrl, callerKey: CALLER_KEY, service: 'inbound' }
    await using away = await connectBus({ servers: 'nats://127.0.0.1:1', name: 'away' })
    const large = Array.from({ length: 6 }, () => ({
      ...log('run/large'),
      data: { message: 'x'.repeat(200_000) },
    }))
    for (const [bus, events] of [
      [away, [log('run/away')]],
      [world.bus, large],
    ] as const) {
      const { receipts } = await journalAppender({ ...options, bus })({ events: [...events] }, author)
      expect(receipts.map(({ duplicate }) => duplicate)).toEqual(events.map(() => false))
    }
  })
})
