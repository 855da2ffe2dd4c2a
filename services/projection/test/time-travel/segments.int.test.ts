import { foldRun, type JsonValue, runDocument } from '@daybook/events'
import { waitFor } from '@daybook/testing'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { saveSegments } from '../../src/store/state-segments.ts'
import { created, requested, resolved } from '../run-entries.ts'
import { openService, type ServiceFixture } from '../service-fixture.ts'
import { ask } from './ask.ts'

const ERASURE_ID = '01K00000000000000000ERASE0'
const SECRET = 'the secret of somebody'

let fixture: ServiceFixture

beforeEach(async () => {
  fixture = await openService({ compareMs: 50 })
})

afterEach(() => fixture[Symbol.asyncDispose]())

/** A run of 1 + 2 × `steps` events, of which the first step has the secret. */
function longRun(runId: string, steps: number) {
  const nth = Array.from({ length: steps }, (_, n) => n)
  return [
    created(runId),
    ...nth.flatMap((n) => [
      requested(runId, `e${n}`, { inputs: n === 0 ? SECRET : n }),
      resolved(runId, `e${n}`, n === 0 ? SECRET : n),
    ]),
  ]
}

interface Kept {
  runId: string
  seq: number
  words: string
}

async function segments(): Promise<Kept[]> {
  const { rows } = await sql<Kept>`
    select substr(stream, 5) as "runId", seq, state || touched || noted as words from projection.state_segments
    order by stream, seq`.execute(fixture.journal.database.kysely)
  return rows
}

async function stateAt(runId: string, seq: number): Promise<JsonValue> {
  const { body } = await ask(fixture, `/v1/runs/${runId}/state?at=${seq}&effects=all&limit=1024`)
  return JSON.parse(JSON.stringify({ run: body.run, effects: body.effects }))
}

async function foldAt(runId: string, seq: number): Promise<JsonValue> {
  const events = await fixture.journal.readAll()
  const own = events.filter((event) => event.stream === `run/${runId}` && event.seq <= seq)
  return JSON.parse(JSON.stringify(runDocument(foldRun(own))))
}

function erasureOf(runId: string, named: { id: string; seq: number; position: number; checksum: string }[]) {
  const stream = `run/${runId}`
  const ranges = named.map(({ seq }) => ({ first: seq, last: seq }))
  const events = named.map(({ id, seq, position, checksum }) => ({ id, stream, seq, position, checksum }))
  return [
    { stream, type: 'RUN_PAYLOADS_ERASED', data: { erasureId: ERASURE_ID, ranges } },
    { stream: `erasure/${ERASURE_ID}`, type: 'PAYLOADS_ERASED', data: { reason: 'asked for', events } },
  ]
}

describe('the segments of a long run', () => {
  it('are made by themselves as the run grows, and a state deep in it is right', async () => {
    await fixture.journal.append(...longRun('r1', 300))
    await waitFor(async () => (await segments()).length === 2, { what: 'the segments' })
    expect((await segments()).map(({ seq }) => seq)).toEqual([256, 512])
    for (const seq of [1, 255, 256, 257, 511, 512, 513, 601]) {
      expect(await stateAt('r1', seq)).toEqual(await foldAt('r1', seq))
    }
  })

  it('are made when they are missing and somebody asks for a state deep in the run', async () => {
    const events = await fixture.journal.append(...longRun('r1', 700))
    await fixture.service.runs.waitFor(events.length, 10_000)
    await waitFor(async () => (await segments()).length === 5, { what: 'the segments' })
    await sql`truncate projection.state_segments`.execute(fixture.journal.database.kysely)
    expect(await stateAt('r1', 1_300)).toEqual(await foldAt('r1', 1_300))
    expect((await segments()).map(({ seq }) => seq)).toEqual([256, 512, 768, 1024, 1280])
  })

  it('are not believed when the journal was put back to before them', async () => {
    const events = await fixture.journal.append(...longRun('r1', 150))
    await waitFor(async () => (await segments()).length === 1, { what: 'the segment' })
    await sql`update projection.state_segments set hash = repeat('0', 64), state = '{}'`.execute(
      fixture.journal.database.kysely,
    )
    expect(await stateAt('r1', events.length)).toEqual(await foldAt('r1', events.length))
  })

  it('of another version of the fold are not read, and go when there are new ones', async () => {
    const events = await fixture.journal.append(...longRun('r1', 150))
    await waitFor(async () => (await segments()).length === 1, { what: 'the segment' })
    await sql`update projection.state_segments set fold = 1, state = 'old'`.execute(
      fixture.journal.database.kysely,
    )
    expect(await stateAt('r1', events.length)).toEqual(await foldAt('r1', events.length))
    const more = longRun('r1', 150).slice(1)
    await fixture.journal.append(...more)
    await waitFor(async () => (await segments()).length === 2, { what: 'the segments' })
    expect((await segments()).some(({ words }) => words.includes('old'))).toBe(false)
  })

  it('cannot be read for another tenant', async () => {
    await fixture.journal.append(...longRun('r1', 150))
    await waitFor(async () => (await segments()).length === 1, { what: 'the segment' })
    const seen = await fixture.journal.database.asTenant('other', async (trx) => {
      const { rows } = await sql`select from projection.state_segments`.execute(trx)
      return rows.length
    })
    expect(seen).toBe(0)
  })
})

describe('a long run of which payloads are erased', () => {
  it('has them in no segment and in no earlier state, also while they are still in the table', async () => {
    const events = await fixture.journal.append(...longRun('r1', 300))
    await sql`update journal.erasure_progress set position = ${events.length}`.execute(
      fixture.journal.database.kysely,
    )
    await waitFor(async () => (await segments()).length === 2, { what: 'the segments' })
    const before = await ask(fixture, '/v1/runs/r1/state?at=2')
    expect(before.text).toContain(SECRET)
    const told = await fixture.journal.append(...erasureOf('r1', events.slice(1, 3)))
    // At once, whatever the read model has seen.
    for (const at of [2, 3, 300, 601, 602]) {
      const { text, body } = await ask(fixture, `/v1/runs/r1/state?at=${at}&effects=all`)
      expect([text.includes(SECRET), body.seq]).toEqual([false, at])
    }
    await fixture.service.runs.waitFor(told.at(-1)?.position ?? 0, 10_000)
    expect(await segments()).toEqual([])

    await takePayloads(events.slice(1, 3).map(({ position }) => position))
    await sql`update journal.erasure_progress set position = ${told.at(-1)?.position ?? 0}`.execute(
      fixture.journal.database.kysely,
    )
    for (const at of [2, 3, 300, 602]) expect(await stateAt('r1', at)).toEqual(await foldAt('r1', at))
  })

  it('gets no segment that was begun before the erasure and is ended after it', async () => {
    const events = await fixture.journal.append(...longRun('r1', 300))
    await waitFor(async () => (await segments()).length === 2, { what: 'the segments' })
    const told = await fixture.journal.append(...erasureOf('r1', events.slice(1, 3)))
    await fixture.service.runs.waitFor(told.at(-1)?.position ?? 0, 10_000)
    const segment = { afterSeq: 0, seq: 256, position: 256, hash: 'x', touched: [], noted: [] }
    const { run } = foldRun(events.slice(0, 256))
    if (run === undefined) throw new Error('no run')
    const isKept = await fixture.journal.database.transaction((trx) =>
      saveSegments(
        trx,
        { tenant: 'main', stream: 'run/r1', fold: 1 },
        { segments: [{ ...segment, run }], lastSeq: events.length },
      ),
    )
    expect([isKept, await segments()]).toEqual([false, []])
  })
})

async function takePayloads(positions: readonly number[]): Promise<void> {
  await fixture.journal.database.kysely.transaction().execute(async (trx) => {
    await sql`select set_config('daybook.erasure', ${ERASURE_ID}, true)`.execute(trx)
    await sql`update journal.events set data = null, erasure_id = ${ERASURE_ID}
      where position = any(${positions}::bigint[])`.execute(trx)
  })
}
