import { DaybookError } from '@daybook/errors'
import { type Draft, subjects } from '@daybook/events'
import { waitFor } from '@daybook/testing'
import { describe, expect, it } from 'vitest'
import { log, nextId, readAll, sharedJournalWithNats } from './service-fixture.ts'

const { database, journal, bus } = await sharedJournalWithNats()

function request(body: string | Uint8Array) {
  return bus.request(subjects.rpc('main', 'journal', 'append'), body, { timeoutMs: 10_000 })
}

async function deadLetters(): Promise<any[]> {
  const response = await fetch(`${journal.service.http.url}/v1/dead-letters`)
  const page: any = await response.json()
  return page.deadLetters
}

async function showDeadLetter(id: string): Promise<unknown> {
  return (await fetch(`${journal.service.http.url}/v1/dead-letters/${id}`)).json()
}

async function eventsOf(stream: string) {
  return (await readAll(database.connect())).filter((event) => event.stream === stream)
}

function body(...events: Draft[]): string {
  return JSON.stringify({ events })
}

describe('a NATS request', () => {
  it('is answered with receipts after the commit', async () => {
    const stream = `run/${nextId()}`
    const reply = await request(body(log(stream, 'one')))
    expect(JSON.parse(reply.text()).receipts).toMatchObject([{ stream, seq: 1, duplicate: false }])
    expect(await eventsOf(stream)).toHaveLength(1)
  })

  it.each([
    ['no JSON', 'hello', 'invalid-json'],
    ['bytes that are no text', new Uint8Array([0xff, 0xfe]), 'invalid-string'],
    ['nothing', '', 'invalid-json'],
    ['an unknown type', body({ ...log('run/a', 'x'), type: 'NOPE' }), 'unknown-event-type'],
    ['an unknown field', JSON.stringify({ events: [log('run/a', 'x')], extra: 1 }), 'invalid-request'],
  ])('with %s is answered with a problem', async (_what, data, code) => {
    const error = await request(data).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(DaybookError)
    expect(error).toMatchObject({ code, retry: 'never' })
  })

  it('takes the tenant from the subject', async () => {
    const stream = `run/${nextId()}`
    await bus.request(subjects.rpc('acme', 'journal', 'append'), body(log(stream, 'x')), {
      timeoutMs: 10_000,
    })
    expect((await eventsOf(stream)).map(({ tenant }) => tenant)).toEqual(['acme'])
  })
})

describe('the queue', () => {
  const queue = subjects.appendQueue('main')

  it('journals what is published, once, and sends the receipt where it is asked to', async () => {
    const stream = `run/${nextId()}`
    const received: string[] = []
    await using listener = bus.listen(
      'daybook.receipt.main.test',
      (message) => void received.push(message.text()),
    )
    const event = log(stream, 'queued')
    for (let times = 0; times < 5; times += 1) {
      await bus.publishQueued(queue, body(event), {
        headers: { 'Daybook-Receipt-To': 'daybook.receipt.main.test' },
      })
    }
    await waitFor(() => received.length === 5, { timeoutMs: 20_000, what: 'five receipts' })
    expect(received.map((text) => JSON.parse(text).receipts[0].position)).toEqual(
      Array(5).fill(JSON.parse(received[0] ?? '').receipts[0].position),
    )
    expect(await eventsOf(stream)).toHaveLength(1)
    void listener
  })

  it('keeps the order in which events were published', async () => {
    const stream = `run/${nextId()}`
    for (let index = 0; index < 50; index += 1)
      await bus.publishQueued(queue, body(log(stream, String(index))))
    const events = await waitFor(
      async () => {
        const found = await eventsOf(stream)
        return found.length === 50 ? found : undefined
      },
      { timeoutMs: 20_000, what: 'fifty events' },
    )
    expect(events.map(({ data }) => data['message'])).toEqual(
      Array.from({ length: 50 }, (_, index) => String(index)),
    )
  })

  it('turns what is refused into a dead letter with its reason and content, counted when it comes again', async () => {
    const before = (await deadLetters()).length
    const refused = body({ ...log('run/a', 'x'), type: 'NOPE' })
    await bus.publishQueued(queue, refused)
    await bus.publishQueued(queue, refused)
    await bus.publishQueued(queue, new Uint8Array([0xff, 0x00]))
    const letters = await waitFor(
      async () => {
        const found = await deadLetters()
        return found.length === before + 2 && found.some(({ occurrences }) => occurrences === 2)
          ? found
          : undefined
      },
      { timeoutMs: 20_000, what: 'two dead letters' },
    )
    expect(letters.map(({ code, occurrences }) => [code, occurrences])).toEqual([
      ['invalid-string', 1],
      ['unknown-event-type', 2],
    ])
    expect(await showDeadLetter(letters[1].id)).toMatchObject({
      body: refused,
      encoding: 'utf8',
      subject: queue,
    })
    expect(await showDeadLetter(letters[0].id)).toMatchObject({ body: '/wA=', encoding: 'base64' })
  })

  it('does not publish receipts into Daybook’s own subjects', async () => {
    const stream = `run/${nextId()}`
    await bus.publishQueued(queue, body(log(stream, 'x')), {
      headers: { 'Daybook-Receipt-To': 'daybook.events.main.run.x.RUN_CREATED' },
    })
    await waitFor(
      async () => (await deadLetters()).some(({ detail }) => detail.includes('Daybook-Receipt-To')),
      { timeoutMs: 20_000, what: 'the dead letter' },
    )
    expect(await eventsOf(stream)).toEqual([])
  })
})

async function answerOf(response: Promise<Response>): Promise<{ status: number; body: any }> {
  const got = await response
  return { status: got.status, body: await got.json() }
}

describe('blobs', () => {
  const put = (content: string) =>
    answerOf(
      fetch(`${journal.service.http.url}/v1/blobs`, {
        method: 'POST',
        headers: { 'content-type': 'text/x-log' },
        body: content,
      }),
    )
  const get = (sha256: string, headers: Record<string, string> = {}) =>
    fetch(`${journal.service.http.url}/v1/blobs/${sha256}`, { headers })

  it('are kept once by their content and handed out as they came', async () => {
    const [first, second] = [await put('a long log\n'), await put('a long log\n')]
    expect(first.body).toEqual({
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      bytes: 11,
      mediaType: 'text/x-log',
    })
    expect(second).toEqual(first)
    const got = await get(first.body.sha256)
    expect([got.headers.get('content-type'), await got.text()]).toEqual(['text/x-log', 'a long log\n'])
  })

  it('may be empty', async () => {
    const { status, body } = await put('')
    expect([status, body.bytes]).toEqual([201, 0])
    expect(await (await get(body.sha256)).text()).toBe('')
  })

  it('are not found under another hash or in another tenant', async () => {
    const { body: kept } = await put('mine')
    expect(await answerOf(get(kept.sha256, { 'daybook-tenant': 'other' }))).toMatchObject({
      status: 404,
      body: { code: 'not-found' },
    })
    expect((await get('0'.repeat(64))).status).toBe(404)
    expect((await get('nonsense')).status).toBe(400)
  })
})
