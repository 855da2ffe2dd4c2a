import { expect, it } from 'vitest'
import { readExpression } from '../src/schedule/expression.ts'
import { scheduleReader } from '../src/schedule/reader.ts'
import { acceptVectors, matchVectors, rejectVectors } from './ocps-vectors.ts'

const { slotsOf } = scheduleReader()

function slotsOfCron(cron: string) {
  return slotsOf({ cron, timezone: 'UTC', dst: 'vixie', domDow: 'or' })
}

/** Whether the expression runs at that wall-clock time. */
function runsAt(cron: string, wall: string): boolean {
  const at = new Date(`${wall.replace(' ', 'T')}Z`)
  return slotsOfCron(cron).after(new Date(at.getTime() - 1).toISOString()) === at.toISOString()
}

it.each(matchVectors)('OCPS $version: $cron runs when it should', ({ cron, runs, rests }) => {
  expect(runs.map((wall) => runsAt(cron, wall))).toEqual(runs.map(() => true))
  expect(rests.map((wall) => runsAt(cron, wall))).toEqual(rests.map(() => false))
})

it.each(acceptVectors)('OCPS: %s can be read', (cron) => {
  expect(readExpression(cron, 'or')).toBeDefined()
})

it.each(rejectVectors)('OCPS: %s is refused', (cron) => {
  expect(() => slotsOfCron(cron)).toThrow(expect.objectContaining({ code: 'invalid-schedule' }))
})

it('OCPS 1.1: @daily is 0 0 * * *', () => {
  expect(readExpression('@daily', 'or')).toEqual(readExpression('0 0 * * *', 'or'))
})

// Where Daybook differs, and why. These three and the above are all the vectors that there are.

it('differs from OCPS 1.1 in that @reboot is refused at once: a schedule is read and used in one step, and nothing here starts up', () => {
  expect(() => slotsOfCron('@reboot')).toThrow(/run once/)
})

it('has no years outside of 1970 to 2199, which OCPS 1.2 leaves open', () => {
  expect(() => slotsOfCron('0 0 0 1 1 * 1969')).toThrow("'1969' in the years: write 1970 to 2199")
})

it('goes beyond OCPS 1.0 in that a range may go past the end of a field that begins anew', () => {
  expect(readExpression('0 22-2 * * FRI-MON', 'or')).toEqual(
    readExpression('0 0,1,2,22,23 * * 0,1,5,6', 'or'),
  )
})
