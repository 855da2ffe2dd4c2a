import { createUlids, laneOf } from '@daybook/events'
import { describeWithServer } from '@daybook/testing'
import { type KyselyPlugin, sql, type Transaction } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { useTables } from '../../../packages/eventing/src/generation.ts'
import { explaining } from '../../../packages/eventing/test/explaining.ts'
import type { JournalFixture } from '../../../packages/eventing/test/journal-fixture.ts'
import type { LaneEnd } from '../src/messages/message-states.ts'
import { saveLanes } from '../src/store/lanes.ts'
import { PLACE } from './message-entries.ts'
import { createMigratedJournal } from './service-fixture.ts'

/** What one lane's heads may touch: three steps down an index of three levels, the rows, and the lane with its indexes. */
const PAGES_PER_LANE_MAX = 60

const nextId = createUlids()
const laneOfNumber = (number: number): string => laneOf({ ...PLACE, conversation: String(number) })

describeWithServer('the heads of conversations', () => {
  let journal: JournalFixture
  beforeAll(async () => {
    journal = await createMigratedJournal()
    await inTables(async (trx) => {
      await fill(trx, { lane: sql`${laneOfNumber(0)}`, state: 'completed', from: 1, to: 10_000 })
      await fill(trx, { lane: sql`${laneOfNumber(0)}`, state: 'replying', from: 10_001, to: 12_000 })
      await fill(trx, { lane: sql`${laneOfNumber(0)}`, state: 'pending', from: 12_001, to: 22_000 })
      const each = sql`${laneOfNumber(0).slice(0, -1)} || nth`
      await fill(trx, { lane: each, state: 'pending', from: 30_001, to: 40_000 })
    })
  })
  afterAll(() => journal[Symbol.asyncDispose]())

  function inTables<T>(work: (trx: Transaction<unknown>) => Promise<T>): Promise<T> {
    return journal.database.transaction(async (trx) => {
      await useTables(trx, 'inbound_inbound_g1')
      return work(trx)
    })
  }

  /** Rows as the read model has them, as far as heads go; without statistics, as after an upgrade. */
  async function fill(
    trx: Transaction<unknown>,
    { lane, state, from, to }: { lane: ReturnType<typeof sql>; state: string; from: number; to: number },
  ): Promise<void> {
    await sql`
      insert into messages (tenant, key, lane, source, account, conversation, message_id, state, lane_order,
        received_at, due_at, finished_at, updated_at, attempts, duplicates, reply_number, reply_order, reply_due_at,
        bytes, payload_bytes, payload, document)
      select 'main', 'k' || nth, ${lane}, 'telegram', 'support', 'c', 'm' || nth, ${state}, nth, now(), now(), null, now(),
        0, 0, case when ${state} = 'replying' then 1 end, nth, now(), 2, 2, '{}', '{}'
      from generate_series(${from}::integer, ${to}::integer) as nth`.execute(trx)
  }

  async function planOf(lanes: readonly LaneEnd[]): Promise<string> {
    const lines: string[] = []
    const keeping: KyselyPlugin = {
      ...explaining('explain (analyze, buffers, costs off, timing off)'),
      transformResult: async ({ result }) => {
        lines.push(...result.rows.map((row) => String(Object.values(row)[0])))
        return result
      },
    }
    await inTables((trx) => saveLanes(trx.withPlugin(keeping), lanes))
    return lines.join('\n')
  }

  const ends = (numbers: readonly number[]): LaneEnd[] =>
    numbers.map((number) => ({ tenant: 'main', lane: laneOfNumber(number), seq: 1, lastEventId: nextId() }))

  it.each([
    ['10,000 messages wait in a conversation, behind 12,000 that are done', [0]],
    [
      '10,000 conversations have a message each',
      Array.from({ length: 100 }, (_, index) => 30_001 + index * 50),
    ],
  ])('cost some pages when %s', async (_what, numbers) => {
    const plan = await planOf(ends(numbers))
    expect(plan.match(/Index Scan using messages_lane_key on messages/g)).toHaveLength(3)
    expect(plan).not.toMatch(/Seq Scan on messages|Rows Removed by Filter|Sort Method/)
    const [, hit = '0', read = '0'] = /Buffers: shared hit=(\d+)(?: read=(\d+))?/.exec(plan) ?? []
    expect(Number(hit) + Number(read)).toBeLessThan(PAGES_PER_LANE_MAX * numbers.length)
  })

  it('are the first message and the first reply', async () => {
    const { rows } = await inTables((trx) =>
      sql`select head_order, reply_order from lanes where lane = ${laneOfNumber(0)}`.execute(trx),
    )
    expect(rows).toEqual([{ head_order: 12_001, reply_order: 10_001 }])
  })
})
