import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JournalEvent } from '../src/envelope.ts'
import { withoutPayload } from '../src/erasure/payloads-erased.ts'
import { runErasureOf } from '../src/run/erased.ts'
import { foldRun } from '../src/run/fold.ts'
import { effectSchema, runSummarySchema } from '../src/run/summary.ts'
import { Validator } from '../src/validator.ts'
import { journalOf } from './journal.ts'
import { cancelled, completed, created, failed, type Given, log, requested, resolved } from './run-events.ts'

const ERASURE_ID = '01K00000000000000000ERASE0'

function without(events: readonly JournalEvent[], isErased: (seq: number) => boolean): JournalEvent[] {
  return events.map((event) => (isErased(event.seq) ? withoutPayload(event, ERASURE_ID) : event))
}

const effectIds = fc.constantFrom('e1', 'e2', 'e3')
const step: fc.Arbitrary<Given> = fc.oneof(
  effectIds.map((id) => requested(id)),
  effectIds.map((id) => resolved(id)),
  effectIds.map((id) => cancelled(id)),
  fc.constant(log),
)
const histories = fc
  .tuple(fc.array(step, { maxLength: 20 }), fc.constantFrom([], [completed], [failed]))
  .map(([steps, end]) => journalOf('run/r1', [created, ...steps, ...end]))
/** Without an event that the state did not allow: what such a one did not do, its type cannot tell. */
const sound = histories.filter((events) => foldRun(events).run?.faultsTotal === 0)

describe('a run of which payloads were erased', () => {
  const summary = new Validator(runSummarySchema)
  const effect = new Validator(effectSchema)

  it('still has a state that fits its schema, and no fault for what is gone', () => {
    fc.assert(
      fc.property(sound, fc.array(fc.nat({ max: 25 })), (events, seqs) => {
        const { run, effects } = foldRun(without(events, (seq) => seqs.includes(seq)))
        expect(summary.check(run)).toBe(true)
        for (const one of effects.values()) expect(effect.check(one)).toBe(true)
        expect(run?.lastSeq).toBe(events.length)
      }),
    )
  })

  it('has the same status and the same numbers of effects when all of it was erased', () => {
    fc.assert(
      fc.property(sound, (events) => {
        const whole = foldRun(events).run
        const { run, effects } = foldRun(without(events, () => true))
        expect(run).toMatchObject({
          status: whole?.status,
          effectsTotal: whole?.effectsTotal,
          effectsPending: whole?.effectsPending,
          erasedTotal: events.length,
          faultsTotal: 0,
        })
        expect(effects.size).toBe(0)
      }),
    )
  })

  it('tells nothing of what an erased event said', () => {
    const secret = { ...completed, data: { output: 'a secret' } }
    const events = journalOf('run/r1', [created, requested('a secret'), secret])
    expect(JSON.stringify(foldRun(without(events, (seq) => seq > 1)).run)).not.toContain('secret')
  })

  it('goes on waiting for nothing once the last effect of an unknown name is settled', () => {
    const events = journalOf('run/r1', [created, requested('e1', 'breakpoint'), resolved('e1')])
    const { run } = foldRun(without(events, (seq) => seq === 3))
    expect(run).toMatchObject({ status: 'running', effectsPending: 0, pendingByKind: {} })
  })

  it('may be told of it at any place, which is no fault', () => {
    const notice = {
      type: 'RUN_PAYLOADS_ERASED',
      data: {
        erasureId: ERASURE_ID,
        ranges: [
          { first: 1, last: 2 },
          { first: 4, last: 4 },
        ],
      },
    }
    const events = journalOf('run/r1', [notice, created, completed, notice])
    expect(foldRun(events).run).toMatchObject({ faultsTotal: 0, status: 'completed', lastSeq: 4 })
    const isErased = events[3] && runErasureOf(events[3])?.isErased
    expect([1, 2, 3, 4, 5].map((seq) => isErased?.(seq))).toEqual([true, true, false, true, false])
  })
})
