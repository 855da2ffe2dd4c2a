import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sessionErasureOf } from '../src/session/erased.ts'
import { evolveSession } from '../src/session/evolve.ts'
import { foldSession } from '../src/session/fold.ts'
import { sessionIdOf } from '../src/session/session-id.ts'
import { linkedRunIdOf } from '../src/session/transition.ts'
import { eventOf, journalOf } from './journal.ts'
import { at } from './run-events.ts'
import { archived, branched, fold, type Given, linked, renamed, reset, started } from './session-events.ts'

describe('a session', () => {
  it('begins with what it was started with, in its first epoch, active and alone', () => {
    expect(fold(started).session).toMatchObject({
      sessionId: 's1',
      status: 'active',
      branchState: 'root',
      sessionKey: 'slack:1',
      title: 'First words',
      titleBy: 'derived',
      principal: 'user:ada',
      channel: 'slack',
      epoch: 1,
      branches: 0,
      runsLinked: 0,
      createdAt: at(1),
      startedAt: at(1),
      lastSeq: 1,
      faults: [],
    })
  })

  it('takes a derived title until a person gives one, and from then on only titles of persons', () => {
    const { session } = fold(
      started,
      renamed('derived', 'derived'),
      renamed('Mine'),
      renamed('no', 'derived'),
    )
    expect(session).toMatchObject({ title: 'Mine', titleBy: 'person', faultsTotal: 1 })
    expect(fold(started, renamed('Mine'), renamed('Yours')).session.title).toBe('Yours')
  })

  it('begins a new epoch with a reset, and keeps everything', () => {
    const { session, links } = fold(started, linked('r1'), reset, linked('r2'))
    expect(session).toMatchObject({ epoch: 2, resetAt: at(3), title: 'First words', runsLinked: 2 })
    expect([...links.values()].map(({ runId, epoch }) => [runId, epoch])).toEqual([
      ['r1', 1],
      ['r2', 2],
    ])
  })

  it('is archived until it is reset', () => {
    expect(fold(started, archived).session).toMatchObject({ status: 'archived', archivedAt: at(2) })
    const { session } = fold(started, archived, reset)
    expect(session.status).toBe('active')
    expect(session.archivedAt).toBeUndefined()
  })

  it.each([
    ['root', []],
    ['active-branch', [branched('s0', 's1')]],
    ['branch-source', [branched('s1', 's2')]],
    ['forked', [branched('s0', 's1'), branched('s1', 's2')]],
    ['forked', [branched('s1', 's2'), branched('s0', 's1')]],
  ] as const)('is %s according to where it branched from and what branched from it', (branchState, given) => {
    expect(fold(started, ...given).session.branchState).toBe(branchState)
  })
})

describe('what the state of a session does not allow', () => {
  it.each([
    ['a second start', [started, started], 'the session was started before'],
    ['anything before the start', [reset], 'SESSION_RESET came before SESSION_STARTED'],
    ['a second parent', [started, branched('s0', 's1'), branched('s9', 's1')], 'it has a parent'],
    ['a second archiving', [started, archived, archived], 'the session is archived already'],
    ['a run linked twice', [started, linked('r1'), linked('r1')], 'the run was linked before'],
  ])('flags %s and changes nothing else', (_what, given: Given[], detail) => {
    const events = journalOf('session/s1', given)
    const { session: before, links: linksBefore } = foldSession(events.slice(0, -1))
    const { session: after, links } = foldSession(events)
    const last = events.at(-1)
    expect(after?.faults).toEqual([{ seq: last?.seq, eventId: last?.id, code: 'invalid-transition', detail }])
    expect(links).toEqual(linksBefore)
    if (before === undefined) return
    const { faults: _faults, faultsTotal: _total, ...rest } = before
    expect(after).toMatchObject({
      ...rest,
      lastSeq: last?.seq,
      lastEventId: last?.id,
      lastEventType: last?.type,
      updatedAt: last?.occurredAt,
    })
  })

  it('is flagged a hundred times, and then only counted', () => {
    const { session } = fold(started, ...Array.from({ length: 103 }, () => started))
    expect(session.faults).toHaveLength(100)
    expect(session.faultsTotal).toBe(103)
  })
})

describe('erased payloads of a session', () => {
  const erase = (seqs: readonly number[], ...given: Given[]) =>
    foldSession(
      journalOf('session/s1', given).map((event) =>
        seqs.includes(event.seq) ? { ...event, data: {}, erased: { erasureId: 'e' } } : event,
      ),
    )

  it('leave what the type of the event says, and nothing of what the payload said', () => {
    const { session, links } = erase([1, 2, 3], started, renamed('Secret'), linked('r1'), archived)
    expect(session).toMatchObject({
      status: 'archived',
      sessionKey: '',
      principal: '',
      runsLinked: 1,
      erasedTotal: 3,
    })
    expect(session?.startedAt).toBe(at(1))
    expect(session?.faults).toEqual([])
    expect(JSON.stringify({ session, links: [...links] })).not.toMatch(/Secret|First words|ada|slack|r1/u)
  })

  it('let go of the title before, which an erased one took the place of', () => {
    expect(erase([2], started, renamed('Secret')).session?.title).toBeUndefined()
  })

  it('are named by a notice', () => {
    const data = { erasureId: '01K00000000000000000000001', ranges: [{ first: 2, last: 3 }] }
    const notice = sessionErasureOf(eventOf('session/s1', { type: 'SESSION_PAYLOADS_ERASED', data }))
    expect([1, 2, 3, 4].map((seq) => notice?.isErased(seq))).toEqual([false, true, true, false])
    expect(fold(started, { type: 'SESSION_PAYLOADS_ERASED', data }).session.faults).toEqual([])
  })
})

const anything: fc.Arbitrary<Given> = fc.oneof(
  fc.constantFrom(started, archived, reset, branched('s0', 's1'), branched('s1', 's2'), linked('r1')),
  fc.record({
    type: fc.constantFrom(
      'SESSION_STARTED',
      'SESSION_RENAMED',
      'SESSION_BRANCHED',
      'SESSION_RUN_LINKED',
      'WHAT',
    ),
    data: fc.dictionary(
      fc.constantFrom('title', 'by', 'runId', 'parent', 'branch', '__proto__'),
      fc.string(),
    ),
  }),
)

describe('the fold', () => {
  it('is total: whatever was appended has a state, at the last event', () => {
    fc.assert(
      fc.property(fc.array(anything, { minLength: 1, maxLength: 12 }), (given) => {
        const { session } = foldSession(journalOf('session/s1', given))
        expect(session?.lastSeq).toBe(given.length)
      }),
    )
  })

  it('comes to the same with one event at a time and only the link that it names', () => {
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 12 }), (given) => {
        const events = journalOf('session/s1', given)
        const stored = new Map<string, NonNullable<ReturnType<typeof evolveSession>['link']>>()
        let session: ReturnType<typeof evolveSession>['session']
        for (const event of events) {
          const after = evolveSession({ session, link: stored.get(linkedRunIdOf(event) ?? '') }, event)
          session = after.session
          if (after.link) stored.set(after.link.runId, after.link)
        }
        expect({ session, links: stored }).toEqual(foldSession(events))
      }),
    )
  })

  it('leaves events of other streams alone', () => {
    const state = { session: fold(started).session, link: undefined }
    expect(evolveSession(state, eventOf('run/s1', { type: 'SESSION_RESET', data: {} }))).toBe(state)
  })
})

describe('the id of a session', () => {
  it('follows from tenant and key, differs with either, and is the same for ever', () => {
    expect(sessionIdOf('main', 'slack:1')).toBe('4a7b391e439b3c45f2697e90c6f2c686')
    expect(sessionIdOf('main', 'slack:2')).not.toBe(sessionIdOf('main', 'slack:1'))
    expect(sessionIdOf('other', 'slack:1')).not.toBe(sessionIdOf('main', 'slack:1'))
  })
})
