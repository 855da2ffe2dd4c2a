import { foldRun, type JournalEvent, type JsonValue, parseJson, parseStream } from '@daybook/events'
import * as fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Entry, JournalFixture } from '../../../packages/eventing/test/journal-fixture.ts'
import { whenRunsChanged } from '../src/handlers.ts'
import { listEffects } from '../src/store/effects.ts'
import { resetRuns } from '../src/store/reset.ts'
import { findRun } from '../src/store/runs.ts'
import { completed, created, requested, resolved } from './run-entries.ts'
import { createMigratedJournal, inRunsTables } from './service-fixture.ts'

const LIMIT = 1_000

/** What the journal can hold: no NUL, no lone surrogate, no number that is not safe. */
function isKeepable(value: unknown): value is JsonValue {
  try {
    parseJson(JSON.stringify(value))
    return true
  } catch {
    return false
  }
}

const json = fc
  .oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.constantFrom(1e21, 5e-324, 1.7976931348623157e308, 0.1, -0.5, '\u2028"\\'),
  )

  .filter(isKeepable)

/** Few names and all types: most histories break the rules somewhere, and many keep them for a while. */
const entry: fc.Arbitrary<Entry> = fc
  .record({
    tenant: fc.constantFrom('main', 'other'),
    runId: fc.constantFrom('r1', 'r2', 'deep/r~3'),
    effectId: fc.constantFrom('e1', 'e2', 'e3'),
    kind: fc.constantFrom('node', 'breakpoint', 'sleep'),
    status: fc.constantFrom('ok', 'error'),
    type: fc.constantFrom(
      'RUN_CREATED',
      'EFFECT_REQUESTED',
      'EFFECT_REQUESTED',
      'EFFECT_RESOLVED',
      'EFFECT_RESOLVED',
      'EFFECT_CANCELLED',
      'EFFECT_PROGRESS',
      'COST_TRACKED',
      'COST_TRACKED',
      'PROCESS_LOG',
      'RUN_COMPLETED',
      'RUN_FAILED',
      'RUN_CANCEL_REQUESTED',
      'RUN_CANCELLED',
      'UNHEARD_OF',
    ),
    value: json,
    amount: fc.double({ min: 0, max: 1e12, noNaN: true }),
  })
  .map(({ tenant, runId, type, effectId, kind, status, value, amount }) => {
    const base = { stream: `run/${runId}`, type, tenant }
    if (type === 'RUN_CREATED') return created(runId, { inputs: value }, tenant)
    if (type === 'RUN_COMPLETED') return { ...base, data: { output: value } }
    if (type === 'RUN_FAILED') return { ...base, data: { error: { message: 'no', data: value } } }
    if (type === 'COST_TRACKED')
      return { ...base, data: { model: kind, effectId, costUsd: amount, outputTokens: amount } }
    if (type === 'EFFECT_PROGRESS') return { ...base, data: { effectId, progressPercent: amount } }
    if (!type.startsWith('EFFECT')) return base
    return { ...base, data: { effectId, kind, status, inputs: value, result: value, invocationKey: 'k' } }
  })

describe('the read model of runs', () => {
  let journal: JournalFixture
  const apply = (events: readonly JournalEvent[]) =>
    inRunsTables(journal, (trx) => whenRunsChanged(trx, events))
  const find = (tenant: string, runId: string) =>
    inRunsTables(journal, (trx) => findRun(trx, { tenant, runId }))

  beforeAll(async () => {
    journal = await createMigratedJournal()
  })
  afterAll(() => journal[Symbol.asyncDispose]())

  async function expectFold(events: readonly JournalEvent[]): Promise<void> {
    const streams = Map.groupBy(events, ({ tenant, stream }) => `${tenant} ${stream}`)
    for (const tape of streams.values()) {
      const tenant = tape[0]!.tenant
      const runId = parseStream(tape[0]!.stream).id
      const fold = foldRun(tape)
      expect(await find(tenant, runId)).toEqual(fold.run)
      const { rows } = await inRunsTables(journal, (trx) => listEffects(trx, { tenant, runId, limit: LIMIT }))
      const stored = rows.map(({ document }) => document)
      expect(stored).toEqual([...fold.effects.values()].toSorted((a, b) => a.requestedSeq - b.requestedSeq))
    }
  }

  it('equals a fresh fold of any history, however it is cut into batches', async () => {
    const histories = fc.array(fc.array(entry, { minLength: 1, maxLength: 12 }), {
      minLength: 1,
      maxLength: 6,
    })
    await fc.assert(
      fc.asyncProperty(histories, async (batches) => {
        const events: JournalEvent[] = []
        for (const batch of batches) events.push(...(await journal.append(...batch)))
        // The runs of earlier examples go on, so that long histories with many faults come about as well.
        const all = await journal.readAll()
        await inRunsTables(journal, resetRuns)
        const before = all.slice(0, all.length - events.length)
        if (before.length > 0) await apply(before)
        for (const batch of cut(
          events,
          batches.map(({ length }) => length),
        ))
          await apply(batch)
        await expectFold(all)
      }),
      { numRuns: 40 },
    )
  })

  it('keeps every number exactly', async () => {
    const output = [1e21, 5e-324, 1.7976931348623157e308, 0.1, 123456789.12345679, -1e-7, 9007199254740991]
    await apply(await journal.append(created('numbers'), completed('numbers', output)))
    const run = await find('main', 'numbers')
    expect(run?.output).toEqual(output)
  })

  it('takes names of processes and sessions of any length', async () => {
    const long = 'é'.repeat(20_000)
    await apply(await journal.append(created('long', { processId: long, sessionId: long })))
    const run = await find('main', 'long')
    expect(run).toMatchObject({ processId: long, sessionId: long })
  })

  it('takes large values', async () => {
    const big = 'x'.repeat(250_000)
    const entries = Array.from({ length: 20 }, (_, n) => requested('big', `e${n}`, { inputs: big }))
    await apply(await journal.append(created('big'), ...entries, resolved('big', 'e3', big)))
    const run = await find('main', 'big')
    expect(run).toMatchObject({ effectsTotal: 20, effectsPending: 19, status: 'waiting' })
  })
})

describe('the rows of tenants', () => {
  it('are kept apart by the database, also from a query that forgets to ask', async () => {
    await using journal = await createMigratedJournal()
    const events = await journal.append(created('a', {}, 'tenant-a'), created('b', {}, 'tenant-b'))
    await inRunsTables(journal, (trx) => whenRunsChanged(trx, events))
    const seen = await journal.database.asTenant('tenant-a', async (trx) => {
      const runs = await sql<{ run_id: string }>`select run_id from projection.runs`.execute(trx)
      const tape = await sql<{ stream: string }>`select stream from journal.events`.execute(trx)
      return [runs.rows, tape.rows]
    })
    expect(seen).toEqual([[{ run_id: 'a' }], [{ stream: 'run/a' }]])
  })

  it('cannot be changed by who reads for a tenant', async () => {
    await using journal = await createMigratedJournal()
    const change = journal.database.asTenant('main', (trx) => sql`delete from projection.runs`.execute(trx))
    await expect(change).rejects.toThrow(/permission denied|read-only/)
  })
})

function cut<T>(items: readonly T[], lengths: readonly number[]): T[][] {
  let start = 0
  return lengths.map((length) => {
    start += length
    return items.slice(start - length, start)
  })
}
