import type { Database } from '@daybook/database'
import { journalReader, noArchive, watchHead } from '@daybook/eventing'
import { createLogger } from '@daybook/runtime'
import { waitFor } from '@daybook/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  createJournalFixture,
  type Entry,
  type JournalFixture,
} from '../../../packages/eventing/test/journal-fixture.ts'
import { tailEvents } from '../src/tail.ts'
import { openService, type ServiceFixture } from './service-fixture.ts'

const halted = (runId: string, tenant = 'main'): Entry => ({
  stream: `run/${runId}`,
  type: 'RUN_HALTED',
  tenant,
})
const many = (count: number, runId: string) => Array.from({ length: count }, () => halted(runId))

/** A client of the live tail that keeps what it has seen. */
class Listener implements AsyncDisposable {
  readonly frames: { id: number; event: string; seq: number }[] = []
  readonly #stop = new AbortController()
  #reading: Promise<void> = Promise.resolve()

  static async open(fixture: ServiceFixture, path: string, headers: Record<string, string> = {}) {
    const listener = new Listener()
    const response = await fetch(`${fixture.service.http.url}${path}`, {
      headers: { accept: 'text/event-stream', ...headers },
      signal: listener.#stop.signal,
    })
    expect(response.status).toBe(200)
    expect(response.headers.get('daybook-position')).toMatch(/^\d+$/)
    listener.#reading = listener.#read(response)
    return listener
  }

  async #read({ body }: Response): Promise<void> {
    let rest = ''
    try {
      for await (const chunk of body?.pipeThrough(new TextDecoderStream()) ?? []) {
        const blocks = (rest + chunk).split('\n\n')
        rest = blocks.pop() ?? ''
        for (const block of blocks) this.#take(block)
      }
    } catch {
      // Stopped.
    }
  }

  #take(block: string): void {
    const [, id, event, data] = /^id: (\d+)\nevent: (\w+)\ndata: (.*)$/.exec(block) ?? []
    if (data === undefined) return
    expect(JSON.parse(data)).toMatchObject({ position: Number(id), type: event })
    this.frames.push({ id: Number(id), event: event ?? '', seq: JSON.parse(data).seq })
  }

  async has(count: number): Promise<number[]> {
    await waitFor(() => this.frames.length >= count, { what: `${count} events in the tail` })
    return this.frames.map(({ id }) => id)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#reading
  }
}

describe('the live tail', () => {
  let fixture: ServiceFixture
  const last = async () => (await fixture.journal.readAll()).length

  beforeAll(async () => {
    fixture = await openService()
  })
  afterAll(() => fixture[Symbol.asyncDispose]())

  it('begins now, and shows what comes', async () => {
    await fixture.journal.append(halted('old'))
    const before = await last()
    await using tail = await Listener.open(fixture, '/v1/events')
    await fixture.journal.append(...many(3, 'new'), halted('foreign', 'other'), halted('new'))
    expect(await tail.has(4)).toEqual([before + 1, before + 2, before + 3, before + 5])
  })

  it('goes on exactly after the last event seen', async () => {
    const before = await last()
    const seen: number[] = []
    for (let round = 0; round < 4; round += 1) {
      await fixture.journal.append(...many(30, 'resume'))
      const from = seen.at(-1) ?? before
      await using tail = await Listener.open(fixture, '/v1/events?after=0', { 'last-event-id': String(from) })
      seen.push(...(await tail.has(7)).slice(0, 7))
    }
    await using tail = await Listener.open(fixture, '/v1/events', { 'last-event-id': String(seen.at(-1)) })
    seen.push(...(await tail.has(120 - seen.length)))
    expect(seen).toEqual(Array.from({ length: 120 }, (_, n) => before + 1 + n))
  })

  it('begins after a position that the query names', async () => {
    const before = await last()
    await fixture.journal.append(...many(3, 'query'))
    await using tail = await Listener.open(fixture, `/v1/events?after=${before + 1}`)
    expect(await tail.has(2)).toEqual([before + 2, before + 3])
  })

  it('filters by type, kind and tenant', async () => {
    await using types = await Listener.open(fixture, '/v1/events?types=RUN_IMPORTED')
    await using kinds = await Listener.open(fixture, '/v1/events?kinds=import,cron')
    await using other = await Listener.open(fixture, '/v1/events', { 'daybook-tenant': 'other' })
    const before = await last()
    await fixture.journal.append(halted('f'), halted('f', 'other'), {
      stream: 'import/f',
      type: 'RUN_IMPORTED',
    })
    expect(await types.has(1)).toEqual([before + 3])
    expect(await kinds.has(1)).toEqual([before + 3])
    expect(await other.has(1)).toEqual([before + 2])
  })

  it('filters by stream and by who appended', async () => {
    await using streams = await Listener.open(fixture, '/v1/events?streams=run/s1,run/s3')
    await using actor = await Listener.open(fixture, '/v1/events?actors=service:test,user:ann')
    await using nobody = await Listener.open(fixture, '/v1/events?actors=user:test')
    await using tape = await Listener.open(fixture, '/v1/streams/run/s3/events?actors=service:test')
    const [first, second, third] = await fixture.journal.append(halted('s1'), halted('s2'), halted('s3'))
    expect(await streams.has(2)).toEqual([first?.position, third?.position])
    expect(await actor.has(3)).toEqual([first?.position, second?.position, third?.position])
    expect(await tape.has(1)).toEqual([third?.position])
    expect(nobody.frames).toEqual([])
    const { body } = await fixture.get('/v1/events?streams=run/s1,run/s3')
    expect(body.events.map(({ position }) => position)).toEqual([first?.position, third?.position])
  })

  it('follows one stream: from now, after a seq, or after the last event seen', async () => {
    const [, second, third] = await fixture.journal.append(...many(3, 'tape'))
    const path = '/v1/streams/run/tape/events'
    await using fromNow = await Listener.open(fixture, path)
    await using afterSeq = await Listener.open(fixture, `${path}?after=1`)
    await using afterSeen = await Listener.open(fixture, `${path}?after=1`, {
      'last-event-id': String(second?.position),
    })
    const [, fourth] = await fixture.journal.append(halted('elsewhere'), halted('tape'))
    expect(await fromNow.has(1)).toEqual([fourth?.position])
    expect(await afterSeq.has(3)).toEqual([second?.position, third?.position, fourth?.position])
    expect(await afterSeen.has(2)).toEqual([third?.position, fourth?.position])
  })

  it('waits for a stream that has no event yet', async () => {
    await using tail = await Listener.open(fixture, '/v1/streams/run/to-come/events')
    const [event] = await fixture.journal.append(halted('to-come'))
    expect(await tail.has(1)).toEqual([event?.position])
  })

  it('loses nothing when there is more than a page', async () => {
    const before = await last()
    await using tail = await Listener.open(fixture, '/v1/events')
    await fixture.journal.append(...many(1_500, 'burst'))
    expect(await tail.has(1_500)).toEqual(Array.from({ length: 1_500 }, (_, n) => before + 1 + n))
  })

  it.each([
    ['/v1/events', { 'last-event-id': 'junk' }, 'invalid-cursor'],
    ['/v1/streams/run/a/events?reverse=true', {}, 'invalid-request'],
    ['/v1/streams/RUN/a/events', {}, 'invalid-stream'],
    ['/v1/events?actors=ann', {}, 'invalid-request'],
    ['/v1/events?streams=', {}, 'invalid-request'],
  ])('refuses to begin at %s with %o', async (path, headers, code) => {
    const answer = await fixture.get(path, { accept: 'text/event-stream', ...headers })
    expect(answer).toMatchObject({ status: 400, body: { code } })
  })
})

describe('a client of the live tail that does not read', () => {
  it('costs no more memory than a few pages', async () => {
    let pagesRead = 0
    const counted = ({ database }: JournalFixture): Database<unknown> => ({
      ...database,
      asTenant: (tenant, work) => {
        pagesRead += 1
        return database.asTenant(tenant, work)
      },
    })
    await using fixture = await openService({ database: counted })
    const data = { text: 'x'.repeat(200_000) }
    const flood = Array.from({ length: 160 }, () => ({ stream: 'run/flood', type: 'RUN_HALTED', data }))
    await fixture.journal.append(...flood)
    const stop = new AbortController()
    const response = await fetch(`${fixture.service.http.url}/v1/events?after=0`, {
      headers: { accept: 'text/event-stream' },
      signal: stop.signal,
    })
    const reader = response.body?.getReader()
    await reader?.read()
    let [before, quietLooks] = [-1, 0]
    await waitFor(
      () => {
        quietLooks = pagesRead === before ? quietLooks + 1 : 0
        before = pagesRead
        return quietLooks === 15
      },
      { what: 'the server to stop reading' },
    )
    stop.abort()
    // There are 80 pages of two events. What was read lies in a page and in the buffers of two sockets.
    expect(pagesRead).toBeGreaterThan(0)
    expect(pagesRead).toBeLessThan(40)
  })
})

describe('a client of the live tail that reads more slowly than events come', () => {
  it('is told where it is and where the journal is, and still gets every event', async () => {
    await using journal = await createJournalFixture()
    const { database } = journal
    await using head = watchHead({
      readHead: () => journalReader(database.kysely).head(),
      logger: createLogger({ service: 'test', level: 'silent' }),
    })
    await journal.append(...many(3_000, 'slow'))
    const signal = AbortSignal.timeout(60_000)
    const filter = { tenant: 'main' }
    const query = { filter, era: 1, start: { afterPosition: 0 } }
    const seen: number[] = []
    const told: unknown[] = []
    for await (const frames of tailEvents(
      { database, head, archive: noArchive, behindEveryMs: 0 },
      query,
      signal,
    )) {
      for (const { id, event, data } of frames) {
        if (id !== undefined) seen.push(Number(id))
        if (event === 'behind') told.push(JSON.parse(data))
      }
      if (seen.length === 3_000) break
    }
    expect(seen).toEqual(Array.from({ length: 3_000 }, (_, n) => n + 1))
    expect(told.slice(0, 2)).toEqual([
      { position: 200, head: 3_000 },
      { position: 400, head: 3_000 },
    ])
    expect(told).toHaveLength(10)
  })
})
