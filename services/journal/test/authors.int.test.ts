import type { Bus } from '@daybook/bus'
import { type Actor, type Draft, subjects } from '@daybook/events'
import { waitFor } from '@daybook/testing'
import { afterAll, describe, expect, it } from 'vitest'
import {
  admission,
  enqueue,
  type NatsConnection,
  startGuardedNats,
} from '../../../packages/bus/test/guarded-nats.ts'
import { createJournalDatabase, log, nextId, openJournalService, readAll } from './service-fixture.ts'

const timeoutMs = 20_000
const ann: Actor = { kind: 'agent', id: 'ann.agent' }
const bob: Actor = { kind: 'agent', id: 'bob.agent' }

const stack = new AsyncDisposableStack()
afterAll(() => stack.disposeAsync())
const nats = stack.use(await startGuardedNats())
nats.tokens.set('of-ann', admission('ann', 'main', 'append'))
nats.tokens.set('of-bob', admission('bob', 'acme', 'append'))
nats.tokens.set('of-chief', admission('chief', 'main', 'admin'))
const database = stack.use(await createJournalDatabase())
const bus: Bus = stack.use(await nats.connectService('journal'))
const journal = stack.use(await openJournalService(database.connect(), undefined, { bus }))

async function withToken<T>(token: string, work: (connection: NatsConnection) => Promise<T>): Promise<T> {
  const connection = await nats.dialHolder(token)
  try {
    return await work(connection)
  } finally {
    await connection.close()
  }
}

function body(...events: Draft[]): string {
  return JSON.stringify({ events })
}

async function eventsOf(stream: string) {
  return (await readAll(database.connect())).filter((event) => event.stream === stream)
}

async function deadLetterWith(code: string, stream: string): Promise<any> {
  return waitFor(
    async () => {
      const response = await fetch(`${journal.service.http.url}/v1/dead-letters?limit=100`)
      const { deadLetters }: any = await response.json()
      for (const { id, code: found } of deadLetters) {
        if (found !== code) continue
        const letter: any = await (await fetch(`${journal.service.http.url}/v1/dead-letters/${id}`)).json()
        if (letter.body.includes(stream)) return letter
      }
      return undefined
    },
    { timeoutMs, what: 'the dead letter' },
  )
}

describe('an append in the name of an actor', () => {
  it('makes the events those of the actor and the tenant of the token', async () => {
    const stream = `run/${nextId()}`
    const text = await withToken('of-bob', async (connection) => {
      const reply = await connection.request(subjects.appendBy('acme', bob), body(log(stream, 'x')))
      return reply.string()
    })
    expect(JSON.parse(text).receipts).toHaveLength(1)
    expect(await eventsOf(stream)).toMatchObject([{ tenant: 'acme', actor: bob }])
  })

  it('may name that actor, and nobody else', async () => {
    const stream = `run/${nextId()}`
    await withToken('of-ann', async (connection) => {
      const named = body(log(stream, 'own', { actor: ann }))
      expect((await connection.request(subjects.appendBy('main', ann), named)).json()).toHaveProperty(
        'receipts',
      )
      const forged = body(log(stream, 'x'), log(stream, 'forged', { actor: { ...ann, kind: 'user' } }))
      expect((await connection.request(subjects.appendBy('main', ann), forged)).json()).toMatchObject({
        code: 'forbidden',
        details: { path: 'events[1].actor' },
      })
    })
    expect((await eventsOf(stream)).map(({ data }) => data['message'])).toEqual(['own'])
  })

  it('of an admin may name anybody, under the subject that names nobody', async () => {
    const stream = `run/${nextId()}`
    await withToken('of-chief', async (connection) => {
      const text = body(log(stream, 'imported', { actor: bob }))
      await connection.request(subjects.rpc('main', 'journal', 'append'), text)
    })
    expect(await eventsOf(stream)).toMatchObject([{ tenant: 'main', actor: bob }])
  })
})

describe('a queued append in the name of an actor', () => {
  const queue = (connection: NatsConnection, text: string, receiptTo?: string) =>
    enqueue(connection, subjects.appendQueueBy('main', ann), { text, ...(receiptTo && { receiptTo }) })

  it('is journaled as that actor’s, though the token is revoked meanwhile', async () => {
    const stream = `run/${nextId()}`
    nats.tokens.set('of-leaver', admission('ann', 'main', 'append'))
    await withToken('of-leaver', (connection) => queue(connection, body(log(stream, 'queued'))))
    nats.tokens.delete('of-leaver')
    await waitFor(async () => (await eventsOf(stream)).length === 1, { timeoutMs, what: 'the event' })
    expect(await eventsOf(stream)).toMatchObject([{ tenant: 'main', actor: ann }])
  })

  it('that names somebody else becomes a dead letter, and stays refused when it is requeued', async () => {
    const stream = `run/${nextId()}`
    await withToken('of-ann', (connection) => queue(connection, body(log(stream, 'forged', { actor: bob }))))
    const { id } = await deadLetterWith('forbidden', stream)
    const again = await fetch(`${journal.service.http.url}/v1/dead-letters/${id}/requeue`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ reason: 'try' }),
    })
    expect(again.status).toBe(403)
    expect(await eventsOf(stream)).toEqual([])
  })

  it('gets its receipt under the actor’s own subject', async () => {
    const stream = `run/${nextId()}`
    const place = `${subjects.receiptsOf('main', ann)}.one`
    const receipts = await withToken('of-ann', async (connection) => {
      const heard: string[] = []
      connection.subscribe(place, { callback: (_error, message) => void heard.push(message.string()) })
      await connection.flush()
      await queue(connection, body(log(stream, 'queued')), place)
      await waitFor(() => heard.length > 0, { timeoutMs, what: 'the receipt' })
      return heard
    })
    expect(JSON.parse(receipts[0] ?? '').receipts).toMatchObject([{ stream }])
  })

  it.each([
    ['another actor', `${subjects.receiptsOf('main', bob)}.one`],
    ['another tenant', `${subjects.receiptsOf('acme', ann)}.one`],
    ['one that begins alike', `${subjects.receiptsOf('main', ann)}2.one`],
    ['an inbox', '_INBOX_bob.one'],
    ['the stream of events', 'daybook.events.main.run.x.RUN_CREATED'],
  ])('cannot have it sent to %s', async (_whom, place) => {
    const stream = `run/${nextId()}`
    await withToken('of-ann', (connection) => queue(connection, body(log(stream, 'x')), place))
    expect(await deadLetterWith('invalid-request', stream)).toMatchObject({
      detail: expect.stringContaining('Daybook-Receipt-To'),
    })
    expect(await eventsOf(stream)).toEqual([])
  })
})
