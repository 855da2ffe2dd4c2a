import { connectDaybook, type Daybook } from '@daybook/client'
import type { Draft, JournalEvent } from '@daybook/events'
import { freePort, waitFor } from '@daybook/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openFaultyLine } from './faulty-line.ts'
import { type RunningStack, startStack } from './running-stack.ts'

// The client lies below the services it talks to, so its tests against them are here, where the whole stack may be used.

let stack: RunningStack
let daybook: Daybook

beforeAll(async () => {
  stack = await startStack()
  daybook = await connectDaybook({ url: stack.url, token: stack.token })
}, 120_000)

afterAll(async () => {
  await daybook[Symbol.asyncDispose]()
  await stack[Symbol.asyncDispose]()
})

let runs = 0
const newRun = (): string => `client-${++runs}`

function created(runId: string): Draft {
  const data = { runId, processId: 'p', entrypoint: { importPath: 'p.ts', exportName: 'default' } }
  return daybook.draft({ type: 'RUN_CREATED', stream: `run/${runId}`, data })
}

function logs(runId: string, count: number): Draft[] {
  return Array.from({ length: count }, (_, logSeq) =>
    daybook.draft({ type: 'PROCESS_LOG', stream: `run/${runId}`, data: { logSeq } }),
  )
}

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const gathered: Item[] = []
  for await (const item of items) gathered.push(item)
  return gathered
}

describe('append', () => {
  it('answers with receipts, and a second time with the same ones', async () => {
    const draft = created(newRun())
    const { receipts: first } = await daybook.append(draft)
    const { receipts: second } = await daybook.append(draft)
    expect(first).toMatchObject([{ id: draft.id, seq: 1, duplicate: false }])
    expect(second).toEqual([{ ...first[0], duplicate: true }])
  })

  it('is refused with the code and the details of the journal', async () => {
    const runId = newRun()
    await daybook.append(created(runId))
    const conflict = daybook.append(logs(runId, 1), { expect: { [`run/${runId}`]: 'absent' } })
    await expect(conflict).rejects.toMatchObject({
      name: 'DaybookError',
      code: 'seq-conflict',
      retry: 'never',
      details: { stream: `run/${runId}`, actual: 1 },
    })
  })

  it('journals once what was sent again because its answer was lost', async () => {
    await using line = await openFaultyLine(stack.url)
    await using lossy = await connectDaybook({ url: line.url, token: stack.token })
    const runId = newRun()
    line.loseAnswers(2)
    const { receipts } = await lossy.append([created(runId), ...logs(runId, 3)])
    expect(line.lost).toBe(2)
    expect(receipts.map(({ seq }) => seq)).toEqual([1, 2, 3, 4])
    expect(await all(daybook.stream(`run/${runId}`))).toHaveLength(4)
  })

  it('is unknown when no answer ever comes, and is in the journal all the same', async () => {
    await using line = await openFaultyLine(stack.url)
    await using lossy = await connectDaybook({ url: line.url, token: stack.token, timeoutMs: 500 })
    const draft = created(newRun())
    line.loseAnswers(1_000)
    await expect(lossy.append(draft)).rejects.toMatchObject({
      code: 'timeout',
      retry: 'later',
      message: expect.stringContaining('Append the same drafts again'),
    })
    expect((await daybook.append(draft)).receipts).toMatchObject([{ duplicate: true }])
  })

  it('is unavailable where nothing listens', async () => {
    await using nobody = await connectDaybook({ url: `http://127.0.0.1:${await freePort()}`, timeoutMs: 300 })
    await expect(nobody.append(created(newRun()))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('Cannot reach http://127.0.0.1:'),
    })
  })

  it('goes over NATS when asked to, with the same answers and refusals', async () => {
    await using overNats = await connectDaybook({ url: stack.url, token: stack.token, nats: stack.nats })
    const runId = newRun()
    const draft = created(runId)
    expect((await overNats.append(draft)).receipts).toMatchObject([
      { id: draft.id, seq: 1, duplicate: false },
    ])
    expect((await daybook.append(draft)).receipts).toMatchObject([{ duplicate: true }])
    await expect(
      overNats.append({ ...draft, data: { ...draft.data, processId: 'other' } }),
    ).rejects.toMatchObject({ code: 'id-reused' })
  })
})

describe('reading', () => {
  it('follows the pages of a stream, forward and back', async () => {
    const runId = newRun()
    await daybook.append([created(runId), ...logs(runId, 24)])
    const seqs = async (filter: object): Promise<number[]> =>
      (await all(daybook.stream(`run/${runId}`, { limit: 10, ...filter }))).map(({ seq }) => seq)
    const upTo25 = Array.from({ length: 25 }, (_, index) => index + 1)
    expect(await seqs({})).toEqual(upTo25)
    expect(await seqs({ reverse: true })).toEqual(upTo25.toReversed())
    expect(await seqs({ after: 20 })).toEqual([21, 22, 23, 24, 25])
    expect(await seqs({ types: ['RUN_CREATED'] })).toEqual([1])
  })

  it('follows the pages of the journal', async () => {
    const positions = (await all(daybook.events({ limit: 7, kinds: ['run'] }))).map(
      ({ position }) => position,
    )
    expect(positions).toEqual(positions.toSorted((a, b) => a - b))
    expect(new Set(positions).size).toBe(positions.length)
    const page = await daybook.eventsPage({ limit: 1 })
    expect(page.position).toBeGreaterThanOrEqual(positions.at(-1) ?? 0)
  })

  it('sees what was just appended in the read model', async () => {
    const runId = newRun()
    const effect = daybook.draft({
      type: 'EFFECT_REQUESTED',
      stream: `run/${runId}`,
      data: { effectId: 'e1', invocationKey: 'k1', stepId: 's1', taskId: 't1', kind: 'node' },
    })
    const { receipts } = await daybook.append([created(runId), effect])
    const minPosition = receipts.at(-1)?.position ?? 0
    expect(await daybook.runs.get(runId, { minPosition })).toMatchObject({
      runId,
      status: 'waiting',
      lastSeq: 2,
    })
    expect(await all(daybook.runs.effects(runId, { minPosition }))).toMatchObject([
      { effectId: 'e1', status: 'requested' },
    ])
  })

  it('fails with not-found for what is not there', async () => {
    await expect(daybook.runs.get('nope')).rejects.toMatchObject({ code: 'not-found' })
    await expect(all(daybook.stream('run/nope'))).rejects.toMatchObject({ code: 'not-found' })
    await expect(daybook.blobs.get('0'.repeat(64))).rejects.toMatchObject({ code: 'not-found' })
  })

  it('gives a blob back as it was', async () => {
    const content = Uint8Array.from({ length: 70_000 }, (_, index) => index % 256)
    const ref = await daybook.blobs.put(content, 'application/octet-stream')
    expect(ref).toMatchObject({ bytes: 70_000, mediaType: 'application/octet-stream' })
    expect(await daybook.blobs.get(ref.$blob)).toEqual(content)
  })
})

describe('subscribe', () => {
  it('gives each event once and in order over a line that is cut again and again', async () => {
    await using line = await openFaultyLine(stack.url)
    await using cut = await connectDaybook({ url: line.url, token: stack.token })
    const stop = new AbortController()
    const runId = newRun()
    const losses: string[] = []
    const tail = cut.subscribe({
      after: 'now',
      kinds: ['run'],
      signal: stop.signal,
      onReconnect: ({ code }) => losses.push(code),
    })
    const received: JournalEvent[] = []
    const reading = (async () => {
      for await (const event of tail) received.push(event)
    })()
    await daybook.append(created(runId))
    // The tail may have asked where "now" is before or after the first event.
    await waitFor(async () => (await daybook.append(logs(runId, 1)), received.length > 0), {
      what: 'the tail to have begun',
    })
    for (let cuts = 0; cuts < 3; cuts += 1) {
      const before = received.length
      line.cut()
      await daybook.append(logs(runId, 5))
      await waitFor(() => received.length >= before + 5, { what: 'the tail to have gone on' })
    }
    stop.abort()
    await reading
    const seqs = received.map(({ seq }) => seq)
    expect(seqs).toEqual(seqs.map((_, index) => (seqs[0] ?? 0) + index))
    expect(losses.length).toBeGreaterThanOrEqual(3)
  })

  it('begins where it is told to, and follows one stream by its seq', async () => {
    const runId = newRun()
    await daybook.append([created(runId), ...logs(runId, 9)])
    const stop = new AbortController()
    const seqs: number[] = []
    for await (const { seq } of daybook.follow(`run/${runId}`, { after: 7, signal: stop.signal })) {
      seqs.push(seq)
      if (seq === 10) stop.abort()
    }
    expect(seqs).toEqual([8, 9, 10])
  })

  it('fails at once where nothing listens, and for a filter the server refuses', async () => {
    await using nobody = await connectDaybook({ url: `http://127.0.0.1:${await freePort()}` })
    await expect(all(nobody.subscribe())).rejects.toMatchObject({ code: 'unavailable' })
    await expect(all(daybook.subscribe({ kinds: [''] }))).rejects.toMatchObject({ retry: 'never' })
  })

  it('fails when what answers is not a live tail', async () => {
    await using elsewhere = await connectDaybook({ url: `${stack.url}/docs/`, token: stack.token })
    await expect(all(elsewhere.subscribe())).rejects.toMatchObject({ retry: 'never' })
  })
})

it('tells its health', async () => {
  expect(await daybook.health()).toMatchObject({
    ready: true,
    checks: { journal: { ok: true }, projection: { ok: true } },
  })
})
