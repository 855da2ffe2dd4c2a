/**
 * What a run of the tests came to. `skipped` are the full names of the tests that did not run, `faults` one line for
 * each failure that is not a test's own: a suite that does not load, an unhandled error, a failed lint.
 * @typedef {{ passed: number, failed: number, skipped: string[], faults: string[] }} TestCount
 */

/**
 * The part of vitest's JSON report that is counted.
 * @typedef {{ testResults: { name: string, status: string, message: string,
 *   assertionResults: { fullName: string, status: string }[] }[] }} VitestReport
 */

const SKIPPED = ['skipped', 'todo', 'disabled']

/**
 * Counts the tests of a report.
 * @param {VitestReport | undefined} report undefined when the runner wrote none
 * @param {number} exitCode of the runner
 * @returns {TestCount}
 */
export function countTests(report, exitCode) {
  if (!report)
    return { passed: 0, failed: 1, skipped: [], faults: ['the test runner ended without a result'] }
  const tests = report.testResults.flatMap((file) => file.assertionResults)
  const passed = tests.filter(({ status }) => status === 'passed').length
  const skipped = tests.filter(({ status }) => SKIPPED.includes(status)).map(({ fullName }) => fullName)
  const faults = report.testResults
    .filter(failedAsAWhole)
    .map(({ name, message }) => `${name}: ${message || 'failed to run'}`)
  // A test that neither passed nor was skipped failed, also when the runner lost sight of it.
  const failed = tests.length - passed - skipped.length + faults.length
  const unexplained =
    failed === 0 && exitCode !== 0 ? [`the test runner ended with exit code ${exitCode}`] : []
  return { passed, failed: failed + unexplained.length, skipped, faults: [...faults, ...unexplained] }
}

/**
 * The same count with further failures.
 * @param {TestCount} count
 * @param {string[]} faults
 * @returns {TestCount}
 */
export function withFaults(count, faults) {
  return { ...count, failed: count.failed + faults.length, faults: [...faults, ...count.faults] }
}

/**
 * The line that a run of the tests ends with.
 * @param {TestCount} count
 */
export function summaryLine({ passed, failed, skipped }) {
  const tail = skipped.length > 0 ? `, ${skipped.length} skipped` : ''
  return `${passed} passed, ${failed} failed${tail}`
}

/** @param {VitestReport['testResults'][number]} file */
function failedAsAWhole({ status, assertionResults }) {
  const hasFailedTest = assertionResults.some(
    (test) => test.status !== 'passed' && !SKIPPED.includes(test.status),
  )
  return status === 'failed' && !hasFailedTest
}
