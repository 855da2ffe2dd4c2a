import { type Bus, connectBus } from '@daybook/bus'
import { subjects } from '@daybook/events'
import { type NatsServer, startNats, waitFor } from '@daybook/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  createJournalDatabase,
  type JournalDatabase,
  log,
  nextId,
  openJournalService,
  readAll,
} from './service-fixture.ts'

const queue = subjects.appendQueue('main')
const timeoutMs = 5_000

let nats: NatsServer
let database: JournalDatabase
let bus: Bus

beforeAll(async () => {
  nats = await startNats()
  database = await createJournalDatabase()
  bus = await connectBus({ servers: nats.url, name: 'somebody-else', wait: true })
  await bus.ensureTopology()
})

afterAll(async () => {
  await bus[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
  await nats[Symbol.asyncDispose]()
})

/** As an operator could who has the rights of the server. */
async function limitDeliveries(): Promise<void> {
  const config = {
    durable_name: 'journal-queue',
    ack_policy: 'explicit',
    deliver_policy: 'all',
    ack_wait: 200_000_000,
    max_ack_pending: 1_000,
    max_deliver: 1,
  }
  const request = { stream_name: 'DAYBOOK_QUEUE', config, action: 'update' }
  const subject = '$JS.API.CONSUMER.CREATE.DAYBOOK_QUEUE.journal-queue'
  const reply = await bus.request(subject, JSON.stringify(request), { timeoutMs })
  expect(JSON.parse(reply.text()).error).toBeUndefined()
}

/** Takes a message and never settles it. */
async function takeAndForget(): Promise<void> {
  const request = JSON.stringify({ batch: 1, expires: 300_000_000 })
  await bus
    .request('$JS.API.CONSUMER.MSG.NEXT.DAYBOOK_QUEUE.journal-queue', request, { timeoutMs: 1_000 })
    .catch(() => {})
}

async function advisories(): Promise<number> {
  return (await bus.streamState('DAYBOOK_ADVISORIES'))?.lastSeq ?? 0
}

async function deadLetters(url: string): Promise<any[]> {
  const page: any = await (await fetch(`${url}/v1/dead-letters?code=undeliverable`)).json()
  return page.deadLetters
}

async function getLetter(url: string, id: string): Promise<any> {
  return (await fetch(`${url}/v1/dead-letters/${id}`)).json()
}

describe('a queued message that JetStream gives up while no journal runs', () => {
  it('becomes a dead letter with its content, leaves the queue, and can be requeued', async () => {
    await limitDeliveries()
    const stream = `run/${nextId()}`
    const body = JSON.stringify({ events: [log(stream, 'nobody settled it')] })
    await bus.publishQueued(queue, body, { headers: { 'Daybook-Test': 'yes' } })
    await waitFor(async () => (await takeAndForget(), (await advisories()) > 0), {
      timeoutMs: 20_000,
      what: 'the advisory',
    })
    await using journal = await openJournalService(database.connect(), nats.url)
    const { url } = journal.service.http
    const [letter] = await waitFor(
      async () => {
        const found = await deadLetters(url)
        return found.length > 0 && found
      },
      { timeoutMs: 20_000, what: 'the dead letter' },
    )
    expect(await getLetter(url, letter.id)).toMatchObject({
      source: 'journal-queue',
      subject: queue,
      body,
      detail: 'The consumer journal-queue gave it up after 1 deliveries.',
      headers: { 'Daybook-Test': 'yes' },
    })
    await waitFor(async () => (await bus.streamState('DAYBOOK_QUEUE'))?.lastMessage === undefined, {
      what: 'the queue to be empty',
    })
    const requeued = await fetch(`${url}/v1/dead-letters/${letter.id}/requeue`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ reason: 'nothing was wrong with it' }),
    })
    expect(requeued.status).toBe(200)
    expect((await readAll(database.connect())).filter((event) => event.stream === stream)).toHaveLength(1)
  })
})

describe('a queued message that somebody else ends', () => {
  it('is at least told of: its content has left the queue with it', async () => {
    const before = await advisories()
    {
      await using stranger = bus.consume(
        { stream: 'DAYBOOK_QUEUE', durable: 'journal-queue' },
        async (batch) => {
          for (const delivery of batch) delivery.term('not for you')
        },
      )
      await bus.publishQueued(queue, JSON.stringify({ events: [log(`run/${nextId()}`, 'x')] }))
      await waitFor(async () => (await advisories()) > before, { timeoutMs: 20_000, what: 'the advisory' })
      void stranger
    }
    await using journal = await openJournalService(database.connect(), nats.url)
    const letters = await waitFor(
      async () => {
        const found = await deadLetters(journal.service.http.url)
        return found.some(({ detail }) => detail.includes('not for you')) && found
      },
      { timeoutMs: 20_000, what: 'the dead letter' },
    )
    const letter = letters.find(({ detail }) => detail.includes('not for you'))
    expect(await getLetter(journal.service.http.url, letter.id)).toMatchObject({
      body: expect.stringMatching(/^Message \d+ of DAYBOOK_QUEUE had left the queue already\.$/),
    })
  })
})
