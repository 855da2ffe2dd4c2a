import type { JournalEvent, JsonObject, RunToDecide } from '@daybook/events'
import { foldRun } from '@daybook/events'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { journalOf } from '../../../packages/events/test/journal.ts'
import {
  cancelled,
  completed,
  created,
  type Given,
  log,
  requested,
  resolved,
} from '../../../packages/events/test/run-events.ts'
import { runDecider } from '../src/runs/decider.ts'

function evolveAll(effectIds: readonly string[], events: readonly JournalEvent[]) {
  const decider = runDecider(effectIds)
  return events.reduce((state, event) => decider.evolve(state, event), decider.initial)
}

const cost = (data: JsonObject): Given => ({ type: 'COST_TRACKED', data: { model: 'm', ...data } })
const ids = fc.constantFrom('a', 'b', 'c')
const histories = fc
  .array(
    fc.oneof(
      ids.map((id) => requested(id)),
      ids.map((id) => resolved(id)),
      ids.map((id) => cancelled(id)),
      ids.map((effectId) => cost({ effectId })),
      fc.constantFrom(log, completed),
    ),
    { maxLength: 25 },
  )
  .map((given) => journalOf('run/r1', [created, ...given]))
  // What a command would not have led to, a run may have been imported with; it then counts by its type.
  .filter((events) => foldRun(events).run?.faultsTotal === 0)

describe('the state by which commands on a run are decided', () => {
  it('is that of the fold, as far as a decision depends on it, whichever effects are named', () => {
    fc.assert(
      fc.property(histories, fc.subarray(['a', 'b', 'c', 'd']), (events, named) => {
        const { run, effects } = foldRun(events)
        const state = evolveAll(named, events)
        const { status, endedAt, effectsPending, effectsTotal, lastSeq, processId, erasedTotal } = run!
        expect(state.run).toMatchObject({ status, effectsPending, effectsTotal, lastSeq, processId })
        expect(state.run?.endedAt).toBe(endedAt)
        expect(state.run?.erasedTotal).toBe(erasedTotal)
        expect(state.effects).toEqual(new Map([...effects].filter(([id]) => named.includes(id))))
        expect(state.createdChecksum).toBe(events[0]?.checksum)
      }),
    )
  })

  it('is the same when it begins with what the read model knows', () => {
    fc.assert(
      fc.property(histories, fc.nat(), fc.subarray(['a', 'b']), (events, at, named) => {
        const split = at % events.length
        const { run, effects } = foldRun(events.slice(0, split))
        const decider = runDecider(named)
        const recalled: RunToDecide = {
          run,
          effects: new Map([...effects].filter(([id]) => named.includes(id))),
          createdChecksum: split > 0 ? events[0]?.checksum : undefined,
        }
        const state = events.slice(split).reduce((before, event) => decider.evolve(before, event), recalled)
        const whole = evolveAll(named, events)
        expect(state.run?.status).toBe(whole.run?.status)
        expect(state.run?.effectsPending).toBe(whole.run?.effectsPending)
        expect(state.effects).toEqual(whole.effects)
        expect(state.createdChecksum).toBe(whole.createdChecksum)
      }),
    )
  })
})
