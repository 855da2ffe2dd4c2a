import type { Schedule } from '@daybook/events'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { scheduleReader } from '../src/schedule/reader.ts'
import { zones } from './schedule-expressions.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

/** One reader for all examples, as in a service: what it remembers must not make answers other ones. */
const { slotsOf, preview } = scheduleReader()

function itemOf(min: number, max: number): fc.Arbitrary<string> {
  const value = fc.integer({ min, max })
  const step = fc.integer({ min: 1, max: Math.floor((max - min) / 2) })
  const range = fc.tuple(value, value).map(([from, to]) => `${Math.min(from, to)}-${Math.max(from, to)}`)
  return fc.oneof(
    value.map(String),
    range,
    fc.tuple(range, step).map(([text, by]) => `${text}/${by}`),
    fc.tuple(value, step).map(([from, by]) => `${from}/${by}`),
    step.map((by) => `*/${by}`),
  )
}

function fieldOf(items: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 2, arbitrary: fc.constant('*') },
    { weight: 3, arbitrary: fc.array(items, { minLength: 1, maxLength: 3 }).map((list) => list.join()) },
  )
}

const day = fc.oneof(itemOf(1, 31), fc.constantFrom('L', '1W', '15W', '31W'))
const weekday = fc.oneof(itemOf(0, 7), fc.constantFrom('MON', 'FRI-MON', 'SUN#2', '5#L', '3L', '7#1'))
const cronText = fc
  .tuple(
    fc.option(fieldOf(itemOf(0, 59)), { nil: undefined }),
    fieldOf(itemOf(0, 59)),
    fieldOf(itemOf(0, 23)),
    fieldOf(day),
    fieldOf(itemOf(1, 12)),
    fieldOf(weekday),
  )
  .map((parts) => parts.filter((part) => part !== undefined).join(' '))

const cronSchedule = fc.record({
  cron: cronText,
  timezone: fc.constantFrom(...zones),
  dst: fc.constantFrom('vixie', 'skip', 'literal'),
  domDow: fc.constantFrom('or', 'and'),
})
const instant = fc
  .integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2028, 11, 31) })
  .map((at) => new Date(at).toISOString())

function at(text: string): number {
  return Date.parse(text)
}

function iso(instantMs: number): string {
  return new Date(instantMs).toISOString()
}

/** The first slots after an instant. */
function first(schedule: Schedule, after: string, count: number): string[] {
  const found: string[] = []
  for (let next = slotsOf(schedule).after(after); next !== undefined && found.length < count; ) {
    found.push(next)
    next = slotsOf(schedule).after(next)
  }
  return found
}

it('slots rise strictly and lie behind what was asked', () => {
  fc.assert(
    fc.property(cronSchedule, instant, (schedule, asked) => {
      const slots = [asked, ...first(schedule, asked, 5)]
      expect(slots).toEqual([...new Set(slots)].toSorted())
    }),
  )
})

it('between what was asked and the answer there is no slot, from wherever one asks', () => {
  fc.assert(
    fc.property(
      cronSchedule,
      instant,
      fc.double({ min: 0, max: 1, noNaN: true }),
      (schedule, asked, part) => {
        const slot = slotsOf(schedule).after(asked)
        const between =
          slot === undefined ? at(asked) + DAY_MS : at(asked) + (at(slot) - 1 - at(asked)) * part
        expect(slotsOf(schedule).after(iso(Math.floor(between)))).toBe(slot)
      },
    ),
  )
})

it('asked later, the answer is never earlier', () => {
  fc.assert(
    fc.property(cronSchedule, instant, fc.nat({ max: 400 * DAY_MS }), (schedule, asked, later) => {
      const slot = slotsOf(schedule).after(asked)
      const after = slotsOf(schedule).after(iso(at(asked) + later))
      expect((after ?? '9') >= (slot ?? '9')).toBe(true)
    }),
  )
})

it('what is remembered of one schedule is not taken for another one', () => {
  const variants = (['vixie', 'skip', 'literal'] as const).flatMap((dst) =>
    (['or', 'and'] as const).map((domDow) => ({ dst, domDow })),
  )
  const text = fc.constantFrom('30 1 13 * FRI', '30 2 8 3 *', '*/30 1 * * SUN', '0 0 1-7 * MON')
  fc.assert(
    fc.property(fc.oneof(text, cronText), fc.constantFrom(...zones), instant, (cron, timezone, asked) => {
      for (const variant of variants) {
        const schedule = { cron, timezone, ...variant }
        const anew = scheduleReader().slotsOf(schedule).after(asked)
        expect(slotsOf(schedule).after(asked)).toBe(anew)
        expect(slotsOf({ ...schedule }).after(asked)).toBe(anew)
      }
    }),
    { numRuns: 20 },
  )
  const fridays = { cron: '0 0 13 * FRI', timezone: 'UTC', dst: 'vixie' } as const
  expect(slotsOf({ ...fridays, domDow: 'or' }).after('2026-11-22T00:00:00.000Z')).toBe(
    '2026-11-27T00:00:00.000Z',
  )
  expect(slotsOf({ ...fridays, domDow: 'and' }).after('2026-11-22T00:00:00.000Z')).toBe(
    '2027-08-13T00:00:00.000Z',
  )
})

it('whatever skip runs, literal runs as well; vixie runs that and, in a gap, at its end', () => {
  fc.assert(
    fc.property(cronSchedule, instant, (schedule, asked) => {
      const slots = first({ ...schedule, dst: 'skip' }, asked, 5)
      for (const slot of slots)
        for (const dst of ['literal', 'vixie'] as const)
          expect(slotsOf({ ...schedule, dst }).after(iso(at(slot) - 1))).toBe(slot)
    }),
  )
})

it('a preview shows the same slots', () => {
  fc.assert(
    fc.property(cronSchedule, instant, (schedule, asked) => {
      const shown = preview(schedule, { after: asked, limit: 5 })
      expect(shown.map((slot) => slot.at)).toEqual(first(schedule, asked, 5))
      for (const { at: slot, local } of shown)
        expect(iso(at(local.replace(' ', 'T').replace(' ', '')))).toBe(slot)
    }),
  )
})

it('where the clocks are never changed, dst makes no difference', () => {
  fc.assert(
    fc.property(cronSchedule, instant, (schedule, asked) => {
      const inKolkata = { ...schedule, timezone: 'Asia/Kolkata' }
      const [vixie, skip, literal] = (['vixie', 'skip', 'literal'] as const).map((dst) =>
        first({ ...inKolkata, dst }, asked, 3),
      )
      expect(skip).toEqual(vixie)
      expect(literal).toEqual(vixie)
    }),
  )
})

it('every so often is that long apart, and meets its anchor', () => {
  const everyMs = fc.integer({ min: 1_000, max: 366 * DAY_MS })
  fc.assert(
    fc.property(everyMs, fc.option(instant, { nil: undefined }), instant, (pause, anchor, asked) => {
      const schedule = anchor === undefined ? { everyMs: pause } : { everyMs: pause, anchor }
      const slot = slotsOf(schedule).after(asked) ?? ''
      const sinceAsked = at(slot) - at(asked)
      expect(sinceAsked > 0 && sinceAsked <= pause).toBe(true)
      expect(Math.abs(at(slot) - at(anchor ?? iso(0))) % pause).toBe(0)
      expect(slotsOf(schedule).after(slot)).toBe(iso(at(slot) + pause))
    }),
  )
})

it('once is once', () => {
  fc.assert(
    fc.property(instant, instant, (when, asked) => {
      expect(slotsOf({ at: when }).after(asked)).toBe(asked < when ? when : undefined)
    }),
  )
})

it('the first slot of an expression is in 1970, and its last in 2199', () => {
  const daily = { cron: '@daily', timezone: 'UTC', dst: 'vixie', domDow: 'or' } as const
  expect(slotsOf(daily).after('0001-01-01T00:00:00.000Z')).toBe('1970-01-01T00:00:00.000Z')
  expect(slotsOf(daily).after('2199-12-30T00:00:00.000Z')).toBe('2199-12-31T00:00:00.000Z')
  expect(slotsOf(daily).after('2199-12-31T00:00:00.000Z')).toBeUndefined()
})

it('every so often ends with the years of four digits', () => {
  const daily = { everyMs: DAY_MS }
  expect(slotsOf(daily).after('9999-12-30T00:00:00.000Z')).toBe('9999-12-31T00:00:00.000Z')
  expect(slotsOf(daily).after('9999-12-31T00:00:00.000Z')).toBeUndefined()
})

it('a text that is no expression is refused with a code, whatever it is', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ maxLength: 40 }), fc.stringMatching(/^[0-9*,/LW#?+ -]{5,30}$/)),
      (cron) => {
        try {
          slotsOf({ cron, timezone: 'UTC', dst: 'vixie', domDow: 'or' }).after('2026-11-22T00:00:00.000Z')
        } catch (error) {
          expect(error).toMatchObject({ code: 'invalid-schedule' })
        }
      },
    ),
    { numRuns: 1_000 },
  )
})
