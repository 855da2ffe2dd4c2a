import { describe, expect, it } from 'vitest'
import { countTests, summaryLine, withFaults } from '../bootstrap/test-count.mjs'

const test = (status: string, fullName = 'a test') => ({ fullName, status })
const file = (status: string, assertionResults: ReturnType<typeof test>[], message = '') => ({
  name: 'some.test.ts',
  status,
  message,
  assertionResults,
})

describe('the last line of a test run', () => {
  it.each([
    ['all pass', [file('passed', [test('passed'), test('passed')])], 0, '2 passed, 0 failed'],
    ['one fails', [file('failed', [test('passed'), test('failed')])], 1, '1 passed, 1 failed'],
    [
      'some are skipped',
      [file('passed', [test('passed'), test('skipped'), test('todo')])],
      0,
      '1 passed, 0 failed, 2 skipped',
    ],
    ['a suite does not load', [file('failed', [], 'no such module')], 1, '0 passed, 1 failed'],
    [
      'a hook fails and its tests are skipped',
      [file('failed', [test('skipped')])],
      1,
      '0 passed, 1 failed, 1 skipped',
    ],
    [
      'a worker dies in the middle of a test',
      [file('failed', [test('passed'), test('pending')])],
      1,
      '1 passed, 1 failed',
    ],
    ['an error comes outside of any test', [file('passed', [test('passed')])], 1, '1 passed, 1 failed'],
    ['there is no test', [], 1, '0 passed, 1 failed'],
  ])('counts truly when %s', (_, testResults, exitCode, line) => {
    expect(summaryLine(countTests({ testResults }, exitCode))).toBe(line)
  })

  it('is a failure when the runner wrote no report', () => {
    expect(summaryLine(countTests(undefined, 0))).toBe('0 passed, 1 failed')
  })

  it('counts a failed lint or type check as one failure each', () => {
    const count = countTests({ testResults: [file('passed', [test('passed')])] }, 0)
    expect(summaryLine(withFaults(count, ['lint failed', 'typecheck failed']))).toBe('1 passed, 2 failed')
  })
})

describe('countTests', () => {
  it('names what was skipped and what failed outside of tests', () => {
    const testResults = [
      { ...file('passed', [test('skipped', 'with a server > locks')]), name: 'a.test.ts' },
      { ...file('failed', [], 'no such module'), name: 'b.test.ts' },
    ]
    expect(countTests({ testResults }, 1)).toMatchObject({
      skipped: ['with a server > locks'],
      faults: ['b.test.ts: no such module'],
    })
  })
})
