import { noArchive } from '@daybook/eventing'
import {
  diffJson,
  effectIdOf,
  foldRun,
  type JournalEvent,
  type JsonValue,
  type PatchOperation,
  type RunDocument,
  runDocument,
} from '@daybook/events'
import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { applyPatch } from '../../../../packages/events/test/apply-patch.ts'
import { listAll, listPending, pageOfEffects } from '../../src/time-travel/effect-page.ts'
import { runAt } from '../../src/time-travel/run-at.ts'
import { effectDifferences, runDifference } from '../../src/time-travel/run-difference.ts'
import { readRun, type TimeTravelParts } from '../../src/time-travel/run-reads.ts'
import { keepSegments } from '../../src/time-travel/segment-keeper.ts'
import { openService, type ServiceFixture } from '../service-fixture.ts'
import { created, histories, requested, resolved, type Told } from './histories.ts'

/** Of the tests: the service's own segments are of another version, and longer. */
const FOLD = 99
const SEGMENT_EVENTS = 5
const ALL = { after: 0, limit: 1_000 }

let fixture: ServiceFixture
let parts: TimeTravelParts<unknown>
let runs = 0

beforeAll(async () => {
  fixture = await openService()
  const { database } = fixture.journal
  const { runs: projection } = fixture.service
  const logger = { warn: (fault: unknown) => expect.fail(JSON.stringify(fault)) }
  const keeper = keepSegments({
    database,
    projection,
    archive: noArchive,
    fold: FOLD,
    segmentEvents: SEGMENT_EVENTS,
    logger: Object.assign(Object.create(null), logger),
  })
  parts = { projection, archive: noArchive, keeper, fold: FOLD }
})

afterAll(() => fixture[Symbol.asyncDispose]())

async function append(told: readonly Told[]): Promise<{ runId: string; events: JournalEvent[] }> {
  runs += 1
  const runId = `r${runs}`
  const events = await fixture.journal.append(...told.map((one) => ({ stream: `run/${runId}`, ...one })))
  return { runId, events }
}

/** What was asked about a run, and what befell its segments before. */
const askings = fc.record({
  told: histories,
  extendTo: fc.nat({ max: 70 }),
  lost: fc.array(fc.nat({ max: 14 }), { maxLength: 3 }),
  from: fc.nat(),
  to: fc.nat(),
})

async function prepare({ told, extendTo, lost }: { told: Told[]; extendTo: number; lost: number[] }) {
  const { runId, events } = await append(told)
  const key = { tenant: 'main', stream: `run/${runId}` }
  await parts.keeper.extend(key, extendTo)
  const seqs = lost.map((nth) => (nth + 1) * SEGMENT_EVENTS)
  await sql`delete from projection.state_segments
    where stream = ${key.stream} and seq = any(${seqs}::bigint[])`.execute(fixture.journal.database.kysely)
  return { runId, events }
}

function expectedAt(events: readonly JournalEvent[], seq: number): RunDocument {
  return runDocument(foldRun(events.filter((event) => event.seq <= seq)))
}

/** As it comes out of an answer. */
function asJson(document: object): JsonValue {
  return JSON.parse(JSON.stringify(document))
}

describe('the state of a run as of any of its events', () => {
  it('is the fold of the events up to there, whichever segments are there', async () => {
    await fc.assert(
      fc.asyncProperty(askings, async ({ to, ...asked }) => {
        const { runId, events } = await prepare(asked)
        const seq = to % (events.length + 1)
        const asking = { tenant: 'main', runId, moments: [{ seq }] }
        const { value } = await readRun(parts, asking, async (history) => {
          const at = await runAt(history, seq)
          const { entries } = await pageOfEffects(at, await listAll(at), ALL)
          const pending = await pageOfEffects(at, await listPending(at), ALL)
          const run = at.tracked.run ?? null
          return { run, effects: Object.fromEntries(entries), pending: pending.entries.map(([id]) => id) }
        })
        const { run, effects } = expectedAt(events, seq)
        const waiting = Object.values(effects).filter(({ status }) => status === 'requested')
        const inOrder = waiting.toSorted((a, b) => a.requestedSeq - b.requestedSeq)
        const expected = { run, effects, pending: inOrder.map(({ effectId }) => effectId) }
        expect(asJson(value)).toEqual(asJson(expected))
      }),
      { numRuns: 80 },
    )
  }, 60_000)

  it('is left as it was by the segments that are made when a run goes on', async () => {
    await fc.assert(
      fc.asyncProperty(askings, fc.nat({ max: 70 }), async ({ to, ...asked }, further) => {
        const { runId, events } = await prepare(asked)
        await parts.keeper.extend({ tenant: 'main', stream: `run/${runId}` }, further)
        const seq = to % (events.length + 1)
        const asking = { tenant: 'main', runId, moments: [{ seq }] }
        const { value } = await readRun(parts, asking, async (history) => {
          const at = await runAt(history, seq)
          const { entries } = await pageOfEffects(at, await listAll(at), ALL)
          return { run: at.tracked.run ?? null, effects: Object.fromEntries(entries) }
        })
        expect(asJson(value)).toEqual(asJson(expectedAt(events, seq)))
      }),
      { numRuns: 50 },
    )
  }, 60_000)
})

describe('a run of which it is not known any more which effect ended', () => {
  it('has all that may be pending as pending, however far apart they were requested', async () => {
    const log = { type: 'PROCESS_LOG', data: { message: 'm' } }
    const logs = Array.from({ length: 30 }, () => log)
    // Its last event is that of a segment: nothing but the segments is looked at.
    const told = [created, requested('a'), ...logs, requested('b'), resolved('b'), log]
    const { runId, events } = await append(told)
    const { kysely } = fixture.journal.database
    await kysely.transaction().execute(async (trx) => {
      await sql`select set_config('daybook.erasure', 'x', true)`.execute(trx)
      await sql`update journal.events set data = null, erasure_id = 'x'
        where position = ${events.at(-2)?.position}`.execute(trx)
    })
    await parts.keeper.extend({ tenant: 'main', stream: `run/${runId}` }, events.length)
    const seq = events.length
    const { value } = await readRun(parts, { tenant: 'main', runId, moments: [{ seq }] }, async (history) => {
      const at = await runAt(history, seq)
      const pending = await listPending(at)
      return { run: at.tracked.run, pending: pending.map(({ id }) => id) }
    })
    expect(value).toMatchObject({ run: { effectsPending: 1, erasedTotal: 1 }, pending: ['a', 'b'] })
  })
})

describe('the difference between two states of a run', () => {
  const readPatch = async (runId: string, from: number, to: number): Promise<PatchOperation[]> => {
    const asking = { tenant: 'main', runId, moments: [{ seq: from }, { seq: to }] }
    const { value } = await readRun(parts, asking, async (history) => {
      const [before, after] = [await runAt(history, from), await runAt(history, to)]
      const patch = runDifference(before, after)
      // A page at a time, as a client does it.
      for (let place: number | undefined = 0; place !== undefined; ) {
        const page = await effectDifferences(before, after, { after: place, limit: 2 })
        patch.push(...page.entries.flat())
        place = page.last?.seq
      }
      return patch
    })
    return value
  }

  it('makes the one of the other, forward and backward, and says nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(askings, async ({ from: one, to: other, ...asked }) => {
        const { runId, events } = await prepare(asked)
        const [from, to] = [one % (events.length + 1), other % (events.length + 1)]
        const [before, after] = [asJson(expectedAt(events, from)), asJson(expectedAt(events, to))]
        const patch = await readPatch(runId, from, to)
        expect(applyPatch(before, patch)).toEqual(after)
        expect(patch.map(({ path }) => path).toSorted()).toEqual(
          diffJson(before, after)
            .map(({ path }) => path)
            .toSorted(),
        )
      }),
      { numRuns: 80 },
    )
  }, 60_000)
})

describe('the histories that the laws are tried on', () => {
  it('have effects of all names', () => {
    const named = fc.sample(histories, 50).flatMap((told) => told.map(({ data }) => effectIdOf({ data })))
    expect(new Set(named).size).toBe(8)
  })

  it('come in segments, of which some are lost', async () => {
    const told = fc.sample(
      histories.filter(({ length }) => length >= 20),
      1,
    )
    const { runId } = await prepare({ told: told.flat(), extendTo: 18, lost: [1] })
    const { rows } = await sql<{ seq: number }>`
      select seq from projection.state_segments where stream = ${`run/${runId}`} order by seq`.execute(
      fixture.journal.database.kysely,
    )
    expect(rows).toEqual([{ seq: 5 }, { seq: 15 }])
  })
})
