import { describe, expect, it } from 'vitest'
import { at, cancelled, completed, created, fold, type Given, requested, resolved } from './run-events.ts'

/** Each event comes a second after the one before it. */
function worked(effectId: string, startedAt: string, finishedAt: string): Given {
  return { type: 'EFFECT_RESOLVED', data: { effectId, status: 'ok', startedAt, finishedAt } }
}

describe('how long it took', () => {
  it('is told of a run that has ended, and of an effect that is settled', () => {
    const open = fold(created, requested('e'))
    expect(open.run.durationMs).toBeUndefined()
    expect(open.effects.get('e')?.durationMs).toBeUndefined()
    const done = fold(created, requested('e'), requested('f'), cancelled('f'), resolved('e'), completed)
    expect(done.run.durationMs).toBe(5_000)
    expect(done.effects.get('e')?.durationMs).toBe(3_000)
    expect(done.effects.get('f')?.durationMs).toBe(1_000)
  })

  it('says apart how long a run waited for anything, and how long for people', () => {
    const { run } = fold(
      created,
      requested('a'), // waits from second 2 on
      requested('b', 'breakpoint'), // for a person from 3 on
      requested('c', 'breakpoint'),
      resolved('b'),
      resolved('c'), // until 6
      resolved('a'), // until 7
      requested('d', 'breakpoint'), // from 8 on
      completed, // until 9
    )
    expect(run).toMatchObject({ waitedMs: 6_000, waitedForPeopleMs: 4_000, durationMs: 8_000 })
    expect(run).not.toHaveProperty('waitingSince')
    expect(run).not.toHaveProperty('waitingForPeopleSince')
  })

  it('says since when it waits while it does', () => {
    const { run } = fold(created, requested('a'), requested('b', 'breakpoint'), requested('c', 'breakpoint'))
    expect(run).toMatchObject({ waitingSince: at(2), waitingForPeopleSince: at(3) })
    expect(run.waitedMs).toBeUndefined()
  })

  it('sums up the work as the workers tell it, whatever they write', () => {
    const { run, effects } = fold(
      created,
      requested('a'),
      requested('b'),
      requested('c'),
      requested('d'),
      requested('e'),
      worked('a', '2026-11-21T09:00:00.000Z', '2026-11-21T09:00:01.500Z'),
      worked('b', '2026-11-21T10:00:00.25+01:00', '2026-11-21T09:00:01Z'),
      worked('c', 'yesterday', '2026-11-21T09:00:01Z'),
      worked('d', '2026-11-21T09:00:01Z', '2026-11-21T09:00:00Z'), // clocks that contradict each other
      worked('e', '21 Nov 2026 09:00', '2026-11-21T09:00:01Z'), // nine o'clock where?
    )
    expect([...effects.values()].map(({ workedMs }) => workedMs)).toEqual([
      1_500,
      750,
      undefined,
      0,
      undefined,
    ])
    expect(run.workedMs).toBe(2_250)
  })

  it('keeps what a worker told last of its progress, until the effect is settled', () => {
    const progress = (data: Given['data']): Given => ({
      type: 'EFFECT_PROGRESS',
      data: { effectId: 'e', ...data },
    })
    const { effects } = fold(
      created,
      requested('e'),
      progress({ progressPercent: 10, progressLabel: 'reading' }),
      progress({ progressPercent: 40, currentStep: 2 }),
      resolved('e'),
      progress({ progressPercent: 90 }),
    )
    expect(effects.get('e')?.progress).toEqual({ at: at(4), percent: 40, step: 2 })
  })
})
