import { describe, expect, it } from 'vitest'
import { scheduleReader } from '../src/schedule/reader.ts'

const { slotsOf, preview } = scheduleReader()

type Dst = 'vixie' | 'skip' | 'literal'

function inNewYork(cron: string, dst: Dst = 'vixie') {
  return { cron, timezone: 'America/New_York', dst, domDow: 'or' } as const
}

function slots(schedule: Parameters<typeof slotsOf>[0], after: string, until: string): string[] {
  const found: string[] = []
  const next = (at: string) => slotsOf(schedule).after(at)
  for (let at = next(after); at !== undefined && at < until; at = next(at)) found.push(at)
  return found
}

/** 8 March 2026: after 01:59:59 EST comes 03:00 EDT, at 07:00 UTC. */
const forward = ['2026-03-08T05:00:00.000Z', '2026-03-09T04:00:00.000Z'] as const
/** 1 November 2026: after 01:59:59 EDT comes 01:00 EST, at 06:00 UTC. */
const back = ['2026-11-01T04:00:00.000Z', '2026-11-02T05:00:00.000Z'] as const

describe('where other schedulers disagree', () => {
  it('a fixed time in the gap runs at the change, not half an hour later', () => {
    expect(slots(inNewYork('30 2 * * *'), ...forward)).toEqual(['2026-03-08T07:00:00.000Z'])
  })

  it('a list of times in the gap runs once at the change, as each of them would', () => {
    expect(slots(inNewYork('0,30 2 * * *'), ...forward)).toEqual(['2026-03-08T07:00:00.000Z'])
  })

  it('a time in the gap and one just after it run once', () => {
    expect(slots(inNewYork('0 2,3 * * *'), ...forward)).toEqual(['2026-03-08T07:00:00.000Z'])
  })

  it('every quarter of an hour of a missing hour runs not at all, least of all at a time that fits no field', () => {
    expect(slots(inNewYork('*/15 2 * * *'), ...forward)).toEqual([])
  })

  it('a gap of half an hour costs the times in it only', () => {
    const schedule = { ...inNewYork('*/10 * * * *'), timezone: 'Australia/Lord_Howe' }
    expect(slots(schedule, '2026-10-03T15:15:00.000Z', '2026-10-03T15:45:00.000Z')).toEqual([
      '2026-10-03T15:20:00.000Z',
      '2026-10-03T15:30:00.000Z',
      '2026-10-03T15:40:00.000Z',
    ])
  })

  it('every half hour of a repeated hour runs four times', () => {
    expect(slots(inNewYork('*/30 1 * * *'), ...back)).toHaveLength(4)
  })

  it('days of the month with a star and a step restrict the days, so that Mondays come in addition', () => {
    const schedule = { cron: '0 0 */2 * 1', timezone: 'UTC', dst: 'vixie', domDow: 'or' } as const
    // 16 March 2026 is a Monday with an even number, the 15th a Sunday with an odd one, the 18th neither.
    expect(
      slots(schedule, '2026-03-14T12:00:00.000Z', '2026-03-19T12:00:00.000Z').map((at) => at.slice(8, 10)),
    ).toEqual(['15', '16', '17', '19'])
  })
})

describe('the choice of dst', () => {
  it.each<[Dst, string[]]>([
    ['vixie', ['2026-03-08T07:00:00.000Z']],
    ['skip', []],
    ['literal', []],
  ])('%s: a fixed time that is left out', (dst, expected) => {
    expect(slots(inNewYork('30 2 * * *', dst), ...forward)).toEqual(expected)
  })

  it.each<[Dst, string[]]>([
    ['vixie', ['2026-11-01T05:30:00.000Z']],
    ['skip', ['2026-11-01T05:30:00.000Z']],
    ['literal', ['2026-11-01T05:30:00.000Z', '2026-11-01T06:30:00.000Z']],
  ])('%s: a fixed time that is repeated', (dst, expected) => {
    expect(slots(inNewYork('30 1 * * *', dst), ...back)).toEqual(expected)
  })

  it.each<[Dst, number]>([
    ['vixie', 4],
    ['skip', 2],
    ['literal', 4],
  ])('%s: a time with a star that is repeated', (dst, count) => {
    expect(slots(inNewYork('*/30 1 * * *', dst), ...back)).toHaveLength(count)
  })

  it('literal: the last time that there ever is runs twice as well, where it is repeated', () => {
    expect(slots(inNewYork('0 30 1 1 11 * 2026', 'literal'), '2026-01-01T00:00:00.000Z', '2030')).toEqual([
      '2026-11-01T05:30:00.000Z',
      '2026-11-01T06:30:00.000Z',
    ])
  })

  it('vixie takes a change of three hours or more for a correction of the clock', () => {
    // Samoa had no 30 December 2011; the ice at Casey went back by three hours on 11 March 2018, from 04:00.
    const apia = { ...inNewYork('30 2 * * *'), timezone: 'Pacific/Apia' }
    expect(slots(apia, '2011-12-29T12:00:00.000Z', '2011-12-31T12:00:00.000Z')).toEqual([
      '2011-12-29T12:30:00.000Z',
      '2011-12-30T12:30:00.000Z',
    ])
    const casey = { ...inNewYork('30 2 * * *'), timezone: 'Antarctica/Casey' }
    expect(slots(casey, '2018-03-10T12:00:00.000Z', '2018-03-11T12:00:00.000Z')).toEqual([
      '2018-03-10T15:30:00.000Z',
      '2018-03-10T18:30:00.000Z',
    ])
    expect(
      slots({ ...casey, dst: 'skip' }, '2018-03-10T12:00:00.000Z', '2018-03-11T12:00:00.000Z'),
    ).toHaveLength(1)
  })
})

describe('a preview', () => {
  const shown = (cron: string, after: string, dst: Dst = 'vixie') =>
    preview(inNewYork(cron, dst), { after, limit: 2 })

  it('shows each slot in UTC and by the clocks of its zone', () => {
    expect(shown('30 2 * * *', '2026-03-05T12:00:00.000Z')).toEqual([
      { at: '2026-03-06T07:30:00.000Z', local: '2026-03-06 02:30:00 -05:00' },
      { at: '2026-03-07T07:30:00.000Z', local: '2026-03-07 02:30:00 -05:00' },
    ])
  })

  it('says of a time that does not exist when it runs instead', () => {
    expect(shown('30 2 * * *', forward[0])[0]).toEqual({
      at: '2026-03-08T07:00:00.000Z',
      local: '2026-03-08 03:00:00 -04:00',
      note: '02:30 does not exist on this day (clocks go forward); runs at 03:00',
    })
    expect(shown('0,30 2 * * *', forward[0])[0]?.note).toBe(
      '02:00 and later times do not exist on this day (clocks go forward); runs at 03:00',
    )
  })

  it('shows a time that does not exist and the time of the change as the one slot that they are', () => {
    expect(shown('0 2,3 * * *', forward[0]).map(({ at }) => at)).toEqual([
      '2026-03-08T07:00:00.000Z',
      '2026-03-09T06:00:00.000Z',
    ])
  })

  it('says at the next slot what was left out before it', () => {
    expect(shown('30 2 * * *', forward[0], 'skip')[0]).toEqual({
      at: '2026-03-09T06:30:00.000Z',
      local: '2026-03-09 02:30:00 -04:00',
      note: '02:30 does not exist on 2026-03-08 (clocks go forward); left out',
    })
  })

  it('says which of two equal times one is', () => {
    expect(shown('30 1 * * *', back[0], 'literal').map(({ note }) => note)).toEqual([
      '01:30 happens twice on this day (clocks go back); this is the first',
      '01:30 happens twice on this day (clocks go back); this is the second',
    ])
    expect(shown('30 1 * * *', back[0])[0]?.note).toBe(
      '01:30 happens twice on this day (clocks go back); runs the first time only',
    )
  })

  it('names the day where the change goes past midnight', () => {
    const nuuk = { ...inNewYork('30 23 * * *'), timezone: 'America/Nuuk' }
    expect(preview(nuuk, { after: '2026-03-28T12:00:00.000Z', limit: 1 })).toEqual([
      {
        at: '2026-03-29T01:00:00.000Z',
        local: '2026-03-29 00:00:00 -01:00',
        note: '23:30 does not exist on 2026-03-28 (clocks go forward); runs at 00:00',
      },
    ])
  })

  it('keeps to startAt and endAt, both inside', () => {
    const asked = {
      after: '2026-01-01T00:00:00.000Z',
      limit: 10,
      startAt: '2026-06-01T00:00:00.000Z',
      endAt: '2026-06-03T00:00:00.000Z',
    }
    const daily = { cron: '@daily', timezone: 'UTC', dst: 'vixie', domDow: 'or' } as const
    expect(preview(daily, asked).map(({ at }) => at.slice(0, 10))).toEqual([
      '2026-06-01',
      '2026-06-02',
      '2026-06-03',
    ])
  })

  it('shows schedules without a time zone in UTC', () => {
    expect(preview({ everyMs: 60_000 }, { after: '2026-03-08T07:00:00.500Z', limit: 1 })).toEqual([
      { at: '2026-03-08T07:01:00.000Z', local: '2026-03-08 07:01:00 +00:00' },
    ])
    expect(
      preview({ at: '2026-03-08T07:00:00.250Z' }, { after: '2026-03-08T07:00:00.000Z', limit: 5 }),
    ).toEqual([{ at: '2026-03-08T07:00:00.250Z', local: '2026-03-08 07:00:00 +00:00' }])
  })
})
