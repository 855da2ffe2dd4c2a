import { foldRun, type JournalEvent, upcastEvent } from '@daybook/events'
import { describeWithServer } from '@daybook/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { completed, created, requested, resolved } from './run-entries.ts'
import { openService, type ServiceFixture } from './service-fixture.ts'

let fixture: ServiceFixture

beforeAll(async () => {
  fixture = await openService({ compareMs: 50 })
})

afterAll(async () => {
  await fixture[Symbol.asyncDispose]()
})

const ERASURE_ID = '01K00000000000000000ERASE0'
const SECRET = 'the secret of somebody'

function erased(runId: string, ...seqs: number[]) {
  const ranges = seqs.map((seq) => ({ first: seq, last: seq }))
  return { stream: `run/${runId}`, type: 'RUN_PAYLOADS_ERASED', data: { erasureId: ERASURE_ID, ranges } }
}

/** What the journal does right after it has recorded an erasure. */
async function takePayloads(events: readonly (JournalEvent | undefined)[]): Promise<void> {
  const positions = events.map((event) => event?.position ?? 0)
  await fixture.journal.database.kysely.transaction().execute(async (trx) => {
    await sql`select set_config('daybook.erasure', ${ERASURE_ID}, true)`.execute(trx)
    await sql`update journal.events set data = null, erasure_id = ${ERASURE_ID}
      where position = any(${positions}::bigint[])`.execute(trx)
  })
}

async function readModel(runId: string, position: number) {
  const run = await fixture.get(`/v1/runs/${runId}?minPosition=${position}`)
  const effects = await fixture.get(`/v1/runs/${runId}/effects?minPosition=${position}`)
  return { run: run.body, effects: effects.body.effects, text: run.text + effects.text }
}

async function foldOfTable(runId: string) {
  const events = await fixture.journal.readAll()
  const { run, effects } = foldRun(events.filter(({ stream }) => stream === `run/${runId}`).map(upcastEvent))
  return { run, effects: [...effects.values()] }
}

describeWithServer('with the rights of the service alone', () => {
  it('the effects of an erased request vanish', async () => {
    await using own = await openService({
      compareMs: 50,
      database: (journal) => journal.openAs('daybook_projection'),
    })
    const events = await own.journal.append(created('r1'), requested('r1', 'e1'), erased('r1', 2))
    const { body } = await own.get(`/v1/runs/r1/effects?minPosition=${events.at(-1)?.position}`)
    expect(body.effects).toEqual([])
  })
})

describe('a run of which payloads were erased', () => {
  it('has nothing of them in the read model, also while they are still in the table', async () => {
    const events = await fixture.journal.append(
      created('r1'),
      requested('r1', 'e1', { inputs: SECRET }),
      resolved('r1', 'e1', { result: SECRET }),
      requested('r1', 'e2', { inputs: 'harmless' }),
    )
    const before = await readModel('r1', events.at(-1)?.position ?? 0)
    expect(before.text).toContain(SECRET)

    const [notice] = await fixture.journal.append(erased('r1', 2, 3))
    const after = await readModel('r1', notice?.position ?? 0)
    expect(after.text).not.toContain(SECRET)
    expect(after.effects.map(({ effectId }) => effectId)).toEqual(['e2'])
    expect(after.run).toMatchObject({
      status: 'waiting',
      effectsTotal: 2,
      effectsPending: 1,
      erasedTotal: 2,
      lastSeq: 5,
    })

    await takePayloads([events[1], events[2]])
    expect({ run: after.run, effects: after.effects }).toEqual(await foldOfTable('r1'))
  })

  it('goes on as a fold of what is left does', async () => {
    await fixture.journal.append(created('r2'), requested('r2', 'e1', { inputs: SECRET }))
    const events = await fixture.journal.append(
      erased('r2', 2),
      // Its request is gone, and it may still be resolved.
      resolved('r2', 'e1', { result: 'late' }),
      completed('r2', { output: 1 }),
    )
    const after = await readModel('r2', events.at(-1)?.position ?? 0)
    expect(after.run).toMatchObject({ status: 'completed', effectsPending: 0, faultsTotal: 0 })
    await takePayloads(
      (await fixture.journal.readAll()).filter(({ stream, seq }) => stream === 'run/r2' && seq === 2),
    )
    expect({ run: after.run, effects: after.effects }).toEqual(await foldOfTable('r2'))
  })

  it('keeps its status when all of it was erased', async () => {
    const events = await fixture.journal.append(
      created('r3', { inputs: SECRET }),
      requested('r3', 'e1', { inputs: SECRET }),
      resolved('r3', 'e1', { result: SECRET }),
      completed('r3', { output: SECRET }),
      erased('r3', 1, 2, 3, 4),
    )
    const after = await readModel('r3', events.at(-1)?.position ?? 0)
    expect(after.text).not.toContain(SECRET)
    expect(after.run).toMatchObject({
      status: 'completed',
      effectsTotal: 1,
      effectsPending: 0,
      erasedTotal: 4,
      faultsTotal: 0,
    })
    expect(after.effects).toEqual([])
  })

  it('is left as it is when the erasure is of another run', async () => {
    const events = await fixture.journal.append(
      created('r4'),
      completed('r4', { output: 'mine' }),
      created('r5'),
      erased('r5', 1),
    )
    expect((await readModel('r4', events.at(-1)?.position ?? 0)).text).toContain('mine')
  })
})
