import {
  createUlids,
  type Draft,
  FIRST_PREV,
  hashOf,
  parseAppendRequest,
  type Receipt,
} from '@daybook/events'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Job,
  type Known,
  type KnownEvent,
  keyNameOf,
  nameOf,
  type Settlement,
  settle,
} from '../src/settle.ts'

const NOW = '2026-11-21T12:00:00.000Z'
const nextId = createUlids()

function log(stream: string, message: string, more: Partial<Draft> = {}): Draft {
  return { id: nextId(), stream, type: 'PROCESS_LOG', v: 1, data: { message }, ...more }
}

function job(events: Draft[], expect: Record<string, number | 'absent' | 'exists'> = {}): Job {
  return { tenant: 'main', request: parseAppendRequest(JSON.parse(JSON.stringify({ events, expect }))) }
}

function knownNothing(...streams: string[]): Known {
  return {
    heads: new Map(streams.map((stream) => [nameOf('main', stream), { seq: 0, hash: FIRST_PREV }])),
    byId: new Map(),
    byKey: new Map(),
  }
}

/** What the journal holds after a settlement was written. */
function knownAfter(known: Known, settlement: Settlement, base: number): Known {
  const events = settlement.events.map(
    ({ header, hash, offset }): KnownEvent => ({
      ...header,
      key: header.key,
      hash,
      position: base + offset,
    }),
  )
  return {
    heads: new Map([...known.heads, ...settlement.heads]),
    byId: new Map([...known.byId, ...events.map((event) => [nameOf('main', event.id), event] as const)]),
    byKey: new Map([
      ...known.byKey,
      ...events.flatMap((event) =>
        event.key === undefined ? [] : [[keyNameOf('main', event.stream, event.key), event] as const],
      ),
    ]),
  }
}

function receipts(settlement: Settlement, index: number, base = 0): Receipt[] {
  const outcome = settlement.outcomes[index]
  if (outcome === undefined || 'refusal' in outcome)
    throw new Error(`request ${index} was refused: ${outcome?.refusal.message}`)
  return outcome.receipts(base)
}

function refusal(settlement: Settlement, index: number): string | undefined {
  const outcome = settlement.outcomes[index]
  return outcome !== undefined && 'refusal' in outcome ? outcome.refusal.code : undefined
}

describe('settle', () => {
  it('gives dense seqs and positions and chains the hashes', () => {
    const settlement = settle(
      [job([log('run/a', '1'), log('run/b', '1'), log('run/a', '2')])],
      knownNothing('run/a', 'run/b'),
      NOW,
    )
    const given = receipts(settlement, 0, 10).map(
      ({ stream, seq, position }) => `${stream} ${seq} ${position}`,
    )
    expect(given).toEqual(['run/a 1 11', 'run/b 1 12', 'run/a 2 13'])
    const [first, , third] = settlement.events
    expect(first?.header.prev).toBe(FIRST_PREV)
    expect(third?.header.prev).toBe(first?.hash)
    expect(settlement.events.map(({ header }) => hashOf(header))).toEqual(
      settlement.events.map(({ hash }) => hash),
    )
  })

  it('answers a repeated id with the first receipt, also after the stream has moved on', () => {
    const once = log('run/a', 'once')
    const known = knownNothing('run/a')
    const first = settle([job([once], { 'run/a': 'absent' })], known, NOW)
    const later = settle([job([once], { 'run/a': 'absent' })], knownAfter(known, first, 0), NOW)
    expect(later.events).toEqual([])
    expect(receipts(later, 0, 99)).toEqual([{ ...receipts(first, 0)[0], duplicate: true }])
  })

  it('recognises a repetition within one batch and within one request', () => {
    const once = log('run/a', 'once')
    const settlement = settle([job([once]), job([once, once])], knownNothing('run/a'), NOW)
    expect(settlement.events).toHaveLength(1)
    expect(receipts(settlement, 1).map(({ position, duplicate }) => [position, duplicate])).toEqual([
      [1, true],
      [1, true],
    ])
  })

  it('refuses an id that is used again with another content', () => {
    const once = log('run/a', 'once')
    const changed = [{ data: { message: 'other' } }, { stream: 'run/b' }, { key: 'k' }].map((change) =>
      job([{ ...once, ...change }]),
    )
    const settlement = settle([job([once]), ...changed], knownNothing('run/a', 'run/b'), NOW)
    expect(changed.map((_, index) => refusal(settlement, index + 1))).toEqual([
      'id-reused',
      'id-reused',
      'id-reused',
    ])
  })

  it('takes the same content under a used key for a repetition, and refuses another', () => {
    const settlement = settle(
      [
        job([log('run/a', 'slot', { key: 'slot:1' })]),
        job([log('run/a', 'slot', { key: 'slot:1' })]),
        job([log('run/a', 'other', { key: 'slot:1' })]),
        job([log('run/b', 'other', { key: 'slot:1' })]),
      ],
      knownNothing('run/a', 'run/b'),
      NOW,
    )
    expect(receipts(settlement, 1)[0]).toMatchObject({ position: 1, duplicate: true })
    expect(refusal(settlement, 2)).toBe('key-reused')
    expect(receipts(settlement, 3)[0]).toMatchObject({ position: 2, duplicate: false })
  })

  it.each([
    { expected: 'absent' as const, seq: 0, ok: true },
    { expected: 'absent' as const, seq: 2, ok: false },
    { expected: 'exists' as const, seq: 0, ok: false },
    { expected: 'exists' as const, seq: 2, ok: true },
    { expected: 0, seq: 0, ok: true },
    { expected: 1, seq: 2, ok: false },
    { expected: 2, seq: 2, ok: true },
    { expected: 3, seq: 2, ok: false },
  ])('with a stream at $seq, expecting $expected is accepted: $ok', ({ expected, seq, ok }) => {
    const known = knownNothing('run/a', 'run/b')
    known.heads.set(nameOf('main', 'run/b'), { seq, hash: FIRST_PREV })
    const settlement = settle([job([log('run/a', '1')], { 'run/b': expected })], known, NOW)
    expect(refusal(settlement, 0)).toBe(ok ? undefined : 'seq-conflict')
  })

  it('lets exactly one of two requests win that expect the same seq', () => {
    const settlement = settle(
      [
        job([log('run/a', '1')], { 'run/a': 0 }),
        job([log('run/a', '2')], { 'run/a': 0 }),
        job([log('run/a', '3')], { 'run/a': 1 }),
      ],
      knownNothing('run/a'),
      NOW,
    )
    expect([0, 1, 2].map((index) => refusal(settlement, index))).toEqual([
      undefined,
      'seq-conflict',
      undefined,
    ])
  })

  it('keeps tenants apart', () => {
    const shared = log('run/a', 'mine')
    const other = { ...job([shared]), tenant: 'other' }
    const known = knownNothing('run/a')
    known.heads.set(nameOf('other', 'run/a'), { seq: 0, hash: FIRST_PREV })
    const settlement = settle([job([shared]), other], known, NOW)
    expect(settlement.events.map(({ header }) => `${header.tenant} ${header.seq}`)).toEqual([
      'main 1',
      'other 1',
    ])
  })

  it('gives the same journal whether requests come in one batch or one by one', () => {
    const pool = Array.from({ length: 6 }, (_, index) =>
      log(index % 2 ? 'run/a' : 'run/b', String(index), index % 3 ? {} : { key: `k${index % 2}` }),
    )
    const request = fc.record({
      picks: fc.array(fc.nat(5), { minLength: 1, maxLength: 4 }),
      expect: fc.dictionary(
        fc.constantFrom('run/a', 'run/b'),
        fc.oneof(fc.nat(3), fc.constantFrom('absent' as const, 'exists' as const)),
        { maxKeys: 1 },
      ),
    })
    fc.assert(
      fc.property(fc.array(request, { maxLength: 8 }), (requests) => {
        const jobs = requests.map(({ picks, expect }) =>
          job(
            picks.map((pick) => pool[pick] ?? log('run/a', 'never')),
            expect,
          ),
        )
        const together = settle(jobs, knownNothing('run/a', 'run/b'), NOW)
        let known = knownNothing('run/a', 'run/b')
        let base = 0
        const apart = jobs.map((one) => {
          const settlement = settle([one], known, NOW)
          const answer = refusal(settlement, 0) ?? receipts(settlement, 0, base)
          known = knownAfter(known, settlement, base)
          base += settlement.events.length
          return answer
        })
        expect(jobs.map((_, index) => refusal(together, index) ?? receipts(together, index, 0))).toEqual(
          apart,
        )
      }),
    )
  })
})
