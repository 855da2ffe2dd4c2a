import { describe, expect, it } from 'vitest'
import { readExpression } from '../src/schedule/expression.ts'
import { scheduleReader } from '../src/schedule/reader.ts'

const schedules = scheduleReader()

describe('an expression', () => {
  it.each([
    ['5/15 * * * *', '5,20,35,50 * * * *'],
    ['5-59/15 * * * *', '5,20,35,50 * * * *'],
    ['0 5/15 * * *', '0 5,20 * * *'],
    ['0 22-2 * * *', '0 22,23,0,1,2 * * *'],
    ['0 22-2/2 * * *', '0 22,0,2 * * *'],
    ['50-10/10 0 * * *', '50,0,10 0 * * *'],
    ['0 0 * * FRI-MON', '0 0 * * 5,6,0,1'],
    ['0 0 * * fri-sun', '0 0 * * 5,6,0'],
    ['0 0 * * 5-7', '0 0 * * 5,6,7'],
    ['0 0 * * 7-2/2', '0 0 * * 0,2'],
    ['0 0 * * SUN-SAT', '0 0 * * 0-7'],
    ['0 0 * * 5L', '0 0 * * FRI#L'],
    ['0 0 1 NOV-FEB *', '0 0 1 1,2,11,12 *'],
    ['0 0 ? * *', '0 0 * * ?'],
    ['  0\t0   * * *  ', '0 0 * * *'],
    ['@annually', '@yearly'],
    ['@midnight', '@daily'],
    ['@hourly', '0 * * * *'],
    ['0 0 0 1 1 * *', '0 0 1 1 *'],
  ])('%s says the same as %s', (cron, same) => {
    const { fixed: _fixed, ...left } = readExpression(cron, 'or')
    const { fixed: _sameFixed, ...right } = readExpression(same, 'or')
    expect(left).toEqual(right)
  })

  it.each([
    ['30 2 * * *', true],
    ['0,30 2 * * *', true],
    ['5/15 22-2 * * *', true],
    ['* 30 2 * * *', true],
    ['*/15 2 * * *', false],
    ['0,*/30 2 * * *', false],
    ['30 * * * *', false],
    ['@hourly', false],
    ['@daily', true],
  ])('%s has a fixed time: %s', (cron, fixed) => {
    expect(readExpression(cron, 'or').fixed).toBe(fixed)
  })

  it('wants both kinds of days where it has a plus, or the job says so', () => {
    expect(readExpression('0 0 13 * +FRI', 'or')).toEqual(readExpression('0 0 13 * FRI', 'and'))
    expect(readExpression('0 0 13 * FRI', 'or').bothDays).toBe(false)
  })

  it.each([
    ['60 * * * *', "'60' in the minutes: write 0 to 59"],
    ['0 24 * * *', "'24' in the hours: write 0 to 23"],
    ['0 0 0 * *', "'0' in the days of the month: write 1 to 31"],
    ['0 0 * 13 *', "'13' in the months: write 1 to 12, or JAN to DEC"],
    ['0 0 * * 8', "'8' in the days of the week: write 0 to 7, or SUN to SAT"],
    ['0 0 * * FEB', "'FEB' in the days of the week: write 0 to 7, or SUN to SAT"],
    ['0 0 * JANUARY *', "'JANUARY' in the months: write 1 to 12, or JAN to DEC"],
    ['60 0 0 * * *', "'60' in the seconds: write 0 to 59"],
    ['1,,2 * * * *', "'' in the minutes: write 0 to 59; there is nothing between two commas"],
    ['/5 * * * *', "'/5' in the minutes: write 0 to 59; a step needs a start: '*/5'"],
    ['*/0 * * * *', "'*/0' in the minutes: a step is at least 1"],
    [
      '*/90 * * * *',
      "'*/90' in the minutes: a step begins anew in each field, so it is at most 60; for 'every so often' write everyMs instead of cron",
    ],
    ['0 0 10-5 * *', "'10-5' in the days of the month: a range goes upwards; write '5-10', or a list"],
    ['? * * * *', "'?' in the minutes: write 0 to 59; '?' stands for '*' in the days only, and by itself"],
    [
      '0 0 L-3 * *',
      "'L-3' in the days of the month: days cannot be counted back from the last one; write L, or a day",
    ],
    [
      '0 0 LW,1 * *',
      "'LW,1' in the days of the month: LW stands by itself; write another job for the other days",
    ],
    ['0 0 WL * *', "'WL' in the days of the month: write LW for the last weekday of the month"],
    [
      '0 0 1-5W * *',
      "'1-5W' in the days of the month: W is for a single day, not for a range; write a list: 1W,15W",
    ],
    ['0 0 32W * *', "'32W' in the days of the month: write 1 to 31"],
    [
      '0 0 * * L',
      "'L' in the days of the week: the last of which day? Write FRI#L, or L as the day of the month",
    ],
    [
      '0 0 * * FRI#6',
      "'FRI#6' in the days of the week: write a day, # and 1 to 5, or L for the last: FRI#2, FRI#L",
    ],
    [
      '0 0 * * 1-5#2',
      "'1-5#2' in the days of the week: L and # are for a single day; write a list: MON#2,TUE#2",
    ],
    ['0 0 * * 1-5L', "'1-5L' in the days of the week: L and # are for a single day"],
    [
      '0 0 +1 * *',
      "'+1' in the days of the month: write 1 to 31; '+' is for the beginning of the days of the week",
    ],
    ['H 2 * * *', "'H' in the minutes: write 0 to 59; H is of Jenkins: choose a value, or use jitterMs"],
    ['0 0 * *', '4 fields: write five'],
    ['0 0 0 * * * 2030 1', '8 fields: write five'],
    ['', '1 fields: write five'],
    ['TZ=UTC 0 0 * * *', 'A time zone is not part of cron; say it in timezone'],
    ['@Daily', "'@Daily': write @daily"],
    ['@every 5m', '\'@every 5m\': write {"everyMs": 300000}'],
    ['@reboot', "'@reboot': nothing restarts here"],
    ['@daily 1', "'@daily 1': @daily stands by itself"],
    ['@fortnightly', "'@fortnightly': write one of @yearly"],
  ])('%s is refused with what to write instead', (cron, message) => {
    const schedule = { cron, timezone: 'UTC', dst: 'vixie', domDow: 'or' } as const
    expect(() => schedules.slotsOf(schedule)).toThrow(
      expect.objectContaining({ code: 'invalid-schedule', message: expect.stringContaining(message) }),
    )
  })
})

describe('a time zone', () => {
  const at = (timezone: string) => ({ cron: '0 0 * * *', timezone, dst: 'vixie', domDow: 'or' }) as const

  it('that is just a city is refused with its full name', () => {
    expect(() => schedules.slotsOf(at('berlin'))).toThrow(
      expect.objectContaining({
        code: 'unknown-timezone',
        message: expect.stringContaining('Write Europe/Berlin'),
      }),
    )
    expect(() => schedules.slotsOf(at('New York'))).toThrow('Write America/New_York')
  })

  it('that nobody knows is refused with an example', () => {
    expect(() => schedules.slotsOf(at('Mars/Olympus'))).toThrow(
      'Write a name of the IANA data, like Europe/Berlin',
    )
  })
})
