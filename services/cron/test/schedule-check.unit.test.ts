import type { Schedule } from '@daybook/events'
import { expect, it } from 'vitest'
import { readExpression } from '../src/schedule/expression.ts'
import { passages } from '../src/schedule/passages.ts'
import { scheduleReader } from '../src/schedule/reader.ts'
import { TimeZones } from '../src/schedule/time-zones.ts'
import { WallTimesReader } from '../src/schedule/wall-times.ts'

const NOW = '2026-11-22T00:00:00.000Z'
const { check } = scheduleReader()

function inNewYork(cron: string, dst: 'vixie' | 'skip' | 'literal' = 'vixie', domDow: 'or' | 'and' = 'or') {
  return { cron, timezone: 'America/New_York', dst, domDow } as const
}

it.each<[Schedule, string]>([
  [inNewYork('0 0 30 2 *'), "no day after 2026-11-22T00:00:00.000Z fits '0 0 30 2 *', up to the end of 2199"],
  [inNewYork('0 0 31 2,4,6,9,11 *'), 'no day after'],
  [inNewYork('0 0 31W 4 *'), 'no day after'],
  [inNewYork('0 0 30 2 MON#5', 'vixie', 'and'), 'no day after'],
  [inNewYork('0 0 0 1 1 * 2020-2026'), 'no day after'],
  [
    inNewYork('30 2 * 3 SUN#2', 'skip'),
    "the clocks are put forward over each time of '30 2 * 3 SUN#2'; write another time, or take dst vixie",
  ],
  [inNewYork('* 2 * 3 SUN#2'), 'write the time without *'],
  [
    { at: '2026-11-22T00:00:00.000Z' },
    'is not after 2026-11-22T00:00:00.000Z; write a later instant, or use run-now',
  ],
])('refuses %j as one that never fires', (schedule, message) => {
  expect(() => check({ schedule }, NOW)).toThrow(
    expect.objectContaining({ code: 'never-fires', message: expect.stringContaining(message) }),
  )
})

it.each<Schedule>([
  inNewYork('0 0 29 2 *'),
  inNewYork('0 0 29 2 MON', 'vixie', 'and'),
  inNewYork('0 0 30 2 MON'),
  inNewYork('30 2 * 3 SUN#2'),
  inNewYork('0 0 0 31 12 * 2199'),
  { everyMs: 1_000 },
  { at: '2026-11-22T00:00:00.001Z' },
])('takes %j', (schedule) => {
  expect(() => check({ schedule }, NOW)).not.toThrow()
})

it('refuses one that never fires between startAt and endAt, and says when it would', () => {
  const schedule = inNewYork('0 12 1 * *')
  const [startAt, endAt] = ['2027-01-02T00:00:00.000Z', '2027-01-31T00:00:00.000Z']
  expect(() => check({ schedule, startAt, endAt }, NOW)).toThrow(
    expect.objectContaining({
      code: 'never-fires',
      message: expect.stringContaining('its next time is 2027-02-01T17:00:00.000Z, after endAt'),
    }),
  )
  expect(() => check({ schedule, startAt, endAt: '2027-02-01T17:00:00.000Z' }, NOW)).not.toThrow()
  expect(() =>
    check({ schedule, startAt: '2027-02-01T17:00:00.000Z', endAt: '2027-02-01T17:00:00.000Z' }, NOW),
  ).not.toThrow()
})

it.each<[string, Parameters<typeof check>[0]]>([
  ['at', { schedule: { at: '2027-02-30T00:00:00.000Z' } }],
  ['anchor', { schedule: { everyMs: 1_000, anchor: '2027-02-30T00:00:00.000Z' } }],
  ['startAt', { schedule: { everyMs: 1_000 }, startAt: '2027-02-29T00:00:00.000Z' }],
  ['endAt', { schedule: { everyMs: 1_000 }, endAt: '2027-04-31T00:00:00.000Z' }],
])('refuses a day that is not on the calendar in %s', (name, definition) => {
  expect(() => check(definition, NOW)).toThrow(
    expect.objectContaining({ code: 'invalid-schedule', message: expect.stringContaining(`${name} is '`) }),
  )
})

/** How often the clocks and the expression are looked at for one answer. */
function looksFor(cron: string, dst: 'vixie' | 'skip' | 'literal'): number {
  const zone = new TimeZones().of('America/New_York')
  const expression = readExpression(cron, 'or')
  const times = new WallTimesReader().of(expression)
  let looks = 0
  const counted = {
    dst,
    fixed: expression.fixed,
    zone: { stretchAt: (instant: number) => ((looks += 1), zone.stretchAt(instant)) },
    times: { atOrAfter: (wall: number) => ((looks += 1), times.atOrAfter(wall)) },
  }
  for (const passage of passages(counted, Date.parse(NOW))) if (passage.is !== 'left-out') break
  return looks
}

it.each([
  ['0 0 30 2 *', 10],
  ['0 0 31 2,4 *', 10],
  ['* * * * * *', 10],
  [`${Array.from({ length: 60 }, (_, minute) => minute).join()} ${'0,'.repeat(10)}23 29 2 +SUN#5`, 200],
  // The clocks of New York are changed 346 times up to 2199, and each of these changes leaves one out.
  ['30 2 * 3 SUN#2', 2_500],
])('answers %s within %i looks', (cron, most) => {
  for (const dst of ['vixie', 'skip', 'literal'] as const) expect(looksFor(cron, dst)).toBeLessThan(most)
})
