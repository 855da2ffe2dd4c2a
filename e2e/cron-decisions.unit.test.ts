import { expect, it } from 'vitest'
import { decisionFaults, firstWords, type Told } from './cron-decisions.ts'
import { notOnce } from './cron-effects.ts'
import { slotsBetween } from './cron-slots.ts'

const at = (second: number): string => new Date(Date.UTC(2026, 10, 22, 3, 0, second)).toISOString()
const NOW = at(20)
const slots = [0, 5, 10, 15].map(at)

const about = (type: string, second: number, more: object = {}): Told => ({
  type: `CRON_RUN_${type}`,
  data: { at: NOW, run: `r${second}`, slot: at(second), cause: 'slot', ...more },
})
const started = (second: number, attempt = 1) => about('STARTED', second, { attempt })
const later = (type: string, second: number): Told => ({
  type: `CRON_RUN_${type}`,
  data: { run: `r${second}` },
})
const missed = (from: number, to: number, count: number): Told => ({
  type: 'CRON_SLOTS_MISSED',
  data: { at: NOW, from: at(from), to: at(to), count },
})

it('finds nothing in a record in which each time is decided once, in order', () => {
  const sound = [
    started(0),
    about('SKIPPED', 5),
    later('RETRIED', 0),
    started(0, 2),
    missed(10, 10, 1),
    later('FINISHED', 0),
    about('HELD', 15),
    about('QUEUED', 15),
    started(15),
    later('TIMED_OUT', 15),
  ]
  expect(decisionFaults(slots, sound)).toEqual([])
  expect(firstWords(sound)).toEqual({
    CRON_RUN_STARTED: 1,
    CRON_RUN_SKIPPED: 1,
    CRON_SLOTS_MISSED: 1,
    CRON_RUN_HELD: 1,
  })
})

it.each([
  {
    fault: 'a time that is started twice',
    events: [started(0), started(0), missed(5, 15, 3)],
    says: [
      `${at(0)}: CRON_RUN_STARTED comes after it was started`,
      `${at(0)}: attempt 1 starts after attempt 1`,
    ],
  },
  {
    fault: 'a time that is skipped after its run has ended',
    events: [started(0), later('FINISHED', 0), about('SKIPPED', 0), missed(5, 15, 3)],
    says: [`${at(0)}: CRON_RUN_SKIPPED comes after it was ended`],
  },
  {
    fault: 'a time that is missed after it was started',
    events: [started(0), started(5), missed(5, 15, 3)],
    says: [`${at(5)} is missed after it was decided`],
  },
  {
    fault: 'a time that is started after it was missed',
    events: [missed(0, 15, 4), started(15)],
    says: [`${at(15)}: CRON_RUN_STARTED comes after it was missed`],
  },
  {
    fault: 'a time that is left out',
    events: [started(0), missed(10, 15, 2)],
    says: [`${at(5)} is not decided`],
  },
  {
    fault: 'a last time that is left out',
    events: [missed(0, 10, 3)],
    says: [`${at(15)} is not decided`],
  },
  {
    fault: 'an earlier time that is decided after a later one',
    events: [started(0), started(10), started(5), started(15)],
    says: [`${at(5)} is decided after ${at(10)}`],
  },
  {
    fault: 'a time that is decided before it came',
    events: [started(0), about('SKIPPED', 5, { at: at(4) }), missed(10, 15, 2)],
    says: [`${at(5)} is decided at ${at(4)} already`],
  },
  {
    fault: 'a time that the schedule does not have',
    events: [started(0), started(3), missed(5, 15, 3)],
    says: [`${at(3)} is no time of the schedule`],
  },
  {
    fault: 'a stretch that says the wrong number',
    events: [missed(0, 15, 5)],
    says: [`${at(0)} to ${at(15)} are 4 times, and 5 were missed`],
  },
  {
    fault: 'an attempt that is made again',
    events: [started(0), later('RETRIED', 0), started(0, 1), missed(5, 15, 3)],
    says: [`${at(0)}: attempt 1 starts after attempt 1`],
  },
  {
    fault: 'a run that ends twice',
    events: [started(0), later('FINISHED', 0), later('FINISHED', 0), missed(5, 15, 3)],
    says: [`${at(0)}: CRON_RUN_FINISHED comes after it was ended`],
  },
  {
    fault: 'a run that is claimed although nobody started it',
    events: [later('CLAIMED', 0), missed(0, 15, 4)],
    says: ['r0: CRON_RUN_CLAIMED comes after it was never heard of'],
  },
])('finds $fault', ({ events, says }) => {
  expect(decisionFaults(slots, events)).toEqual(says)
})

it('says what is there too often, too seldom, and of nobody', () => {
  expect(notOnce(['a', 'b', 'c'], ['a', 'a', 'b', 'd'])).toEqual([
    'a is there 2 times instead of 1',
    'c is there 0 times instead of 1',
    'd is there 1 times instead of 0',
  ])
})

it('works the times of simple schedules out', () => {
  const [after, upTo] = ['2026-11-22T00:00:00.000Z', '2026-11-22T01:00:00.000Z']
  expect(slotsBetween({ everyMs: 1_800_000 }, after, upTo)).toEqual([
    '2026-11-22T00:30:00.000Z',
    '2026-11-22T01:00:00.000Z',
  ])
  const anchor = '2026-11-23T00:00:07.500Z'
  expect(slotsBetween({ everyMs: 1_500_000, anchor }, after, upTo)).toEqual([
    '2026-11-22T00:15:07.500Z',
    '2026-11-22T00:40:07.500Z',
  ])
  expect(slotsBetween({ cron: '20 */25 * * * *' }, after, upTo)).toEqual([
    '2026-11-22T00:00:20.000Z',
    '2026-11-22T00:25:20.000Z',
    '2026-11-22T00:50:20.000Z',
  ])
  expect(slotsBetween({ cron: '*/5 * * * * *' }, after, upTo)).toHaveLength(720)
  expect(slotsBetween({ cron: '0 0 */11 * * *' }, after, '2026-11-23T00:00:00.000Z')).toEqual([
    '2026-11-22T11:00:00.000Z',
    '2026-11-22T22:00:00.000Z',
    '2026-11-23T00:00:00.000Z',
  ])
})
