import type { Slots } from '@daybook/events'
import { expect, it } from 'vitest'
import { scheduleReader } from '../src/schedule/reader.ts'
import { dayFields, expressions, zones } from './schedule-expressions.ts'
import { changesIn, matcherOf, type Reading, readClocks, runsAmong } from './wall-clock-oracle.ts'

const HOUR_MS = 60 * 60 * 1000
const DAY_MS = 24 * HOUR_MS

/** So much before and after a change is looked at: a whole day, and what is repeated. */
const AROUND_MS = 27 * HOUR_MS

/** 2026's changes, and where there are none any days. */
const stretches = new Map<string, readonly (readonly Reading[])[]>(
  zones.map((zone) => {
    const found = changesIn(zone, 2026)
    const around = found.length === 0 ? [Date.UTC(2026, 2, 1)] : found
    return [zone, around.map((at) => readClocks(zone, at - AROUND_MS, at + AROUND_MS))]
  }),
)

function slotsAmong(readings: readonly Reading[], slots: Slots): readonly number[] {
  const until = (readings.at(-1)?.at ?? 0) + 1
  const found: number[] = []
  let at = (readings[0]?.at ?? 0) - 1
  for (;;) {
    const slot = slots.after(new Date(at).toISOString())
    at = slot === undefined ? until : Date.parse(slot)
    if (at >= until) return found
    found.push(at)
  }
}

it.each(zones)('runs in %s when somebody who watches the clocks would run it', (timezone) => {
  const { slotsOf } = scheduleReader()
  for (const readings of stretches.get(timezone) ?? [])
    for (const cron of expressions)
      for (const dst of ['vixie', 'skip', 'literal'] as const) {
        const slots = slotsOf({ cron, timezone, dst, domDow: 'or' })
        expect(slotsAmong(readings, slots).join(), `${cron} ${dst}`).toBe(
          runsAmong(readings, cron, dst).join(),
        )
      }
})

it('has changes of the clocks to look at in all zones but two', () => {
  expect([...stretches.values()].map((found) => found.length)).toEqual([1, 1, 2, 2, 2, 2, 2, 2, 2, 2])
})

it.each(dayFields)('finds the days of "%s" that a calendar shows, up to 2029', (days) => {
  const { slotsOf } = scheduleReader()
  const noons = Array.from({ length: 4 * 365 }, (_, day) => Date.UTC(2026, 0, 1, 12) + day * DAY_MS)
  for (const domDow of ['or', 'and'] as const) {
    const fits = matcherOf(`0 12 ${days}`, domDow)
    const slots = slotsOf({ cron: `0 12 ${days}`, timezone: 'UTC', dst: 'vixie', domDow })
    const readings = noons.map((at) => ({ at, wall: at }))
    expect(slotsAmong(readings, slots).join(), domDow).toBe(noons.filter(fits).join())
  }
})

it.each(['America/New_York', 'Australia/Lord_Howe'])(
  'follows the seconds of an expression through a change in %s',
  (timezone) => {
    const { slotsOf } = scheduleReader()
    const around = changesIn(timezone, 2026).map((at) =>
      readClocks(timezone, at - 2 * HOUR_MS, at + 2 * HOUR_MS, 1_000),
    )
    const cases = ['*/7 * * * * *', '15,45 */10 * * * *', '30 30 2 * * *', '5-55/25 15 1,2 * * *'].flatMap(
      (cron) => (['vixie', 'skip', 'literal'] as const).map((dst) => ({ cron, dst })),
    )
    for (const readings of around)
      for (const { cron, dst } of cases) {
        const slots = slotsOf({ cron, timezone, dst, domDow: 'or' })
        expect(slotsAmong(readings, slots).join(), `${cron} ${dst}`).toBe(
          runsAmong(readings, cron, dst).join(),
        )
      }
  },
)
