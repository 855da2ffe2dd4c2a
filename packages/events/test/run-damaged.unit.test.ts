import { describe, expect, it } from 'vitest'
import { foldRun } from '../src/run/fold.ts'
import { journalOf } from './journal.ts'

const created = { runId: 'r', processId: 'p', entrypoint: { importPath: 'a', exportName: 'b' } }
const damage = {
  findings: [
    { code: 'gap', file: 'journal/000007.json', detail: 'comes where 6 is expected', leftOut: true },
  ],
  findingsTotal: 1,
  eventsLeftOut: 1,
}
const damaged = { type: 'RUN_DAMAGED', data: damage }

describe('a run that was imported with damage', () => {
  it('tells of it, whatever became of the run', () => {
    const { run } = foldRun(
      journalOf('run/r', [
        { type: 'RUN_CREATED', data: created },
        { type: 'RUN_COMPLETED', data: {} },
        damaged,
      ]),
    )
    expect(run).toMatchObject({ status: 'completed', damaged: damage, faultsTotal: 0 })
  })

  it('tells of it also when its beginning is what was lost', () => {
    expect(foldRun(journalOf('run/r', [damaged])).run).toMatchObject({ damaged: damage, faultsTotal: 0 })
  })

  it('goes on where it was', () => {
    const { run } = foldRun(
      journalOf('run/r', [
        { type: 'RUN_CREATED', data: created },
        damaged,
        { type: 'RUN_COMPLETED', data: {} },
      ]),
    )
    expect(run).toMatchObject({ status: 'completed', damaged: damage, faultsTotal: 0 })
  })
})
