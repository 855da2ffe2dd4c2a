import { type Draft, subjects } from '@daybook/events'
import { describeWithServer, waitFor } from '@daybook/testing'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { log, nextId, readAll, sharedJournalWithNats } from './service-fixture.ts'

const queue = subjects.appendQueue('main')
/** Whom the services of tests take their caller to be. */
const tester = { kind: 'user', id: 'tester' }

const { database, journal, bus } = await sharedJournalWithNats()
await bus.ensureTopology()

interface Answer {
  status: number
  body: any
}

async function ask(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(`${journal.service.http.url}/v1/dead-letters${path}`, {
    headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
  })
  return { status: response.status, body: await response.json() }
}

/** A message that the journal refuses as long as there is a legal way to need this event. */
function refusedFor(expected: number, stream = `run/${nextId()}`): { stream: string; body: string } {
  return { stream, body: JSON.stringify({ events: [log(stream, 'late')], expect: { [stream]: expected } }) }
}

/** Publishes it and waits until it is a dead letter. */
async function deadLetterOf(body: string): Promise<any> {
  const before = new Set((await ask('?limit=1024')).body.deadLetters.map(({ id }: { id: string }) => id))
  await bus.publishQueued(queue, body)
  return waitFor(
    async () => (await ask('?limit=1024')).body.deadLetters.find(({ id }: { id: string }) => !before.has(id)),
    { timeoutMs: 20_000, what: 'the dead letter' },
  )
}

async function eventsOf(stream: string) {
  return (await readAll(database.connect())).filter((event) => event.stream === stream)
}

function unknownType(): Draft {
  return { ...log(`run/${nextId()}`, 'x'), type: 'NOPE' }
}

describe('a dead letter of the queue that is requeued', () => {
  it('is appended once its cause is gone, and is answered with the receipts', async () => {
    const { stream, body } = refusedFor(1)
    const { id } = await deadLetterOf(body)
    await journal.append([log(stream, 'first')])
    const { status, body: answer } = await ask(`/${id}/requeue`, {
      reason: 'the first one is there now',
    })
    expect(status).toBe(200)
    expect(answer.receipts).toMatchObject([{ stream, seq: 2, duplicate: false }])
    expect(answer.deadLetter).toMatchObject({
      status: 'requeued',
      resolvedAt: expect.any(String),
      decisions: [{ action: 'requeued', actor: tester, reason: 'the first one is there now' }],
    })
    expect(await eventsOf(stream)).toHaveLength(2)
  })

  it('stays open when it is refused again, with the new reason and the try in its history', async () => {
    const { stream, body } = refusedFor(7)
    const { id } = await deadLetterOf(body)
    await journal.append([log(stream, 'first')])
    expect(await ask(`/${id}/requeue`, { reason: 'try' })).toMatchObject({
      status: 409,
      body: { code: 'seq-conflict' },
    })
    expect((await ask(`/${id}`)).body).toMatchObject({
      status: 'open',
      occurrences: 2,
      code: 'seq-conflict',
      detail: expect.stringContaining('1'),
      decisions: [
        {
          action: 'requeued',
          outcome: 'seq-conflict',
          reason: 'try',
          actor: tester,
        },
      ],
    })
  })

  it('adds nothing twice when its events are in the journal already, as after a crash in between', async () => {
    const stream = `run/${nextId()}`
    const event = log(stream, 'once')
    const request = { events: [event], expect: { [stream]: 'exists' as const } }
    const { id } = await deadLetterOf(JSON.stringify(request))
    await journal.append([event])
    const { body } = await ask(`/${id}/requeue`, { reason: 'again' })
    expect(body.receipts).toMatchObject([{ seq: 1, duplicate: true }])
    expect(await eventsOf(stream)).toHaveLength(1)
  })

  it('is not requeued or dismissed once more', async () => {
    const { stream, body } = refusedFor(1)
    const { id } = await deadLetterOf(body)
    await journal.append([log(stream, 'first')])
    await ask(`/${id}/requeue`, { reason: 'now' })
    for (const action of ['requeue', 'dismiss']) {
      expect(await ask(`/${id}/${action}`, { reason: 'once more' })).toMatchObject({
        status: 409,
        body: { code: 'already-settled', detail: expect.stringContaining('accepted') },
      })
    }
    expect((await ask(`/${id}`)).body.decisions).toHaveLength(1)
  })

  it('is settled once by two people at the same time', async () => {
    const { stream, body } = refusedFor(1)
    const { id } = await deadLetterOf(body)
    await journal.append([log(stream, 'first')])
    const answers = await Promise.all([
      ask(`/${id}/requeue`, { reason: 'a' }),
      ask(`/${id}/requeue`, { reason: 'b' }),
    ])
    expect(answers.every(({ status }) => status === 200 || status === 409)).toBe(true)
    expect((await ask(`/${id}`)).body.decisions).toHaveLength(1)
    expect(await eventsOf(stream)).toHaveLength(2)
  })
})

describe('a dead letter that is dismissed', () => {
  it('is not among the open ones, and its history says by whom and why', async () => {
    const { id } = await deadLetterOf(JSON.stringify({ events: [unknownType()] }))
    const { status, body } = await ask(`/${id}/dismiss`, { reason: 'a test' })
    expect([status, body.deadLetter]).toMatchObject([
      200,
      { status: 'dismissed', decisions: [{ action: 'dismissed', actor: tester, reason: 'a test' }] },
    ])
    const open = (await ask('?status=open&limit=1024')).body.deadLetters
    expect(open.some((letter: { id: string }) => letter.id === id)).toBe(false)
    expect(await ask(`/${id}/dismiss`, { reason: 'again' })).toMatchObject({ status: 409 })
  })

  it('is open again when the same message is refused again', async () => {
    const body = JSON.stringify({ events: [unknownType()] })
    const { id } = await deadLetterOf(body)
    await ask(`/${id}/dismiss`, { reason: 'a test' })
    await bus.publishQueued(queue, body)
    await waitFor(async () => (await ask(`/${id}`)).body.status === 'open', { what: 'the letter to be open' })
    expect((await ask(`/${id}`)).body).toMatchObject({
      occurrences: 2,
      decisions: [
        { action: 'dismissed' },
        {
          action: 'reopened',
          outcome: 'unknown-event-type',
          actor: { kind: 'service', id: 'journal-queue' },
        },
      ],
    })
  })

  it('can still be requeued', async () => {
    const { stream, body } = refusedFor(1)
    const { id } = await deadLetterOf(body)
    await ask(`/${id}/dismiss`, { reason: 'a mistake' })
    await journal.append([log(stream, 'first')])
    expect(await ask(`/${id}/requeue`, { reason: 'after all' })).toMatchObject({ status: 200 })
    expect((await ask(`/${id}`)).body.decisions.map(({ action }: { action: string }) => action)).toEqual([
      'dismissed',
      'requeued',
    ])
  })
})

describe('a decision', () => {
  it('needs a reason, and takes no other fields', async () => {
    const { id } = await deadLetterOf(JSON.stringify({ events: [unknownType()] }))
    for (const body of [
      {},
      { reason: '' },
      { reason: 'x', force: true },
      { reason: 'x', actor: { kind: 'user', id: 'ann' } },
    ])
      expect(await ask(`/${id}/dismiss`, body)).toMatchObject({
        status: 400,
        body: { code: 'invalid-request' },
      })
  })

  it('cannot be made, and its letter not be seen, by another tenant', async () => {
    const { id } = await deadLetterOf(JSON.stringify({ events: [unknownType()] }))
    const other = { 'daybook-tenant': 'other' }
    expect(await ask(`/${id}`, undefined, other)).toMatchObject({ status: 404 })
    for (const action of ['requeue', 'dismiss'])
      expect(await ask(`/${id}/${action}`, { reason: 'x' }, other)).toMatchObject({ status: 404 })
    expect((await ask('', undefined, other)).body.deadLetters).toEqual([])
    expect((await ask(`/${id}`)).body.status).toBe('open')
  })

  it('stays in the history: the service may not change it', async () => {
    for (const statement of [
      'update journal.dead_letter_decisions set reason = null',
      'delete from journal.dead_letter_decisions',
    ]) {
      const change = database.connect().transaction(async (trx) => {
        await sql`set local role daybook_journal`.execute(trx)
        await sql.raw(statement).execute(trx)
      })
      await expect(change).rejects.toThrow(/permission denied/)
    }
  })
})

describe('the list and the export', () => {
  it('show what fits the filter, page by page and with content', async () => {
    const ids: string[] = []
    for (let n = 0; n < 25; n += 1) ids.push((await deadLetterOf(`not json ${n} ${nextId()}`)).id)
    const page = (await ask('?code=invalid-json&source=journal-queue&status=open&limit=10')).body
    expect(page.deadLetters.map(({ id }: { id: string }) => id)).toEqual(ids.toReversed().slice(0, 10))
    const nextPage = (await ask(`?code=invalid-json&limit=10&before=${page.next}`)).body
    expect(nextPage.deadLetters[0].id).toBe(ids.toReversed()[10])
    expect((await ask('?source=nobody')).body.deadLetters).toEqual([])
    const response = await fetch(`${journal.service.http.url}/v1/dead-letters/export?code=invalid-json`)
    expect(response.headers.get('content-type')).toContain('application/jsonl')
    const lines = (await response.text())
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.map(({ id }) => id)).toEqual(ids.toReversed())
    expect(lines[24]).toMatchObject({
      body: expect.stringMatching(/^not json 0 /),
      encoding: 'utf8',
      decisions: [],
    })
  })
})

describeWithServer('a message that cannot be written for a reason nobody foresaw', () => {
  it('becomes a dead letter after some tries, and does not block the queue', async () => {
    await sql`alter table journal.events add constraint poison check (type <> 'PROCESS_LOG' or data not like '%poison%')`.execute(
      database.connect().kysely,
    )
    const [bad, good] = [`run/${nextId()}`, `run/${nextId()}`]
    await bus.publishQueued(queue, JSON.stringify({ events: [log(bad, 'poison')] }))
    await bus.publishQueued(queue, JSON.stringify({ events: [log(good, 'fine')] }))
    const letter = await waitFor(async () => (await ask('?code=internal')).body.deadLetters[0], {
      timeoutMs: 30_000,
      what: 'the dead letter',
    })
    expect(await eventsOf(good)).toHaveLength(1)
    expect(await eventsOf(bad)).toEqual([])
    await sql`alter table journal.events drop constraint poison`.execute(database.connect().kysely)
    expect(await ask(`/${letter.id}/requeue`, { reason: 'mended' })).toMatchObject({ status: 200 })
    expect(await eventsOf(bad)).toHaveLength(1)
  })
})
