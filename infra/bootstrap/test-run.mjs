import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CommandFailed, handOver, run } from './commands.mjs'
import { during, report } from './progress.mjs'
import { countTests, summaryLine, withFaults } from './test-count.mjs'

/** The checks that come before the tests, as package.json names them. A failed one counts as one failure. */
const CHECKS = ['lint', 'typecheck']

/**
 * Runs lint, type check and all tests, and ends with the line that counts them.
 * @param {{ root: string, pnpm: string, env: NodeJS.ProcessEnv }} setup
 * @param {string[]} args for vitest
 * @returns {Promise<number>} exit code
 */
export async function runTests({ root, pnpm, env }, args) {
  // Beside each other: parts of them use one core only.
  const passed = await Promise.all(CHECKS.map((check) => passes(check, { root, pnpm, env })))
  const faults = CHECKS.filter((_, index) => !passed[index]).map((check) => `${check} failed`)
  const count = withFaults(await runVitest(root, args, env), faults)
  print(count)
  return count.failed === 0 ? 0 : 1
}

/** What a setup that failed leaves to say: nothing was tested, and that is a failure. */
export function printNothingTested() {
  print({ passed: 0, failed: 1, skipped: [], faults: [] })
}

/**
 * @param {string} check
 * @param {{ root: string, pnpm: string, env: NodeJS.ProcessEnv }} setup
 */
async function passes(check, { root, pnpm, env }) {
  try {
    await during(check, 'running', () => run(pnpm, ['run', check], { cwd: root, env }))
    report(check, 'passed')
    return true
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error
    process.stderr.write(`${error.output}\n`)
    report(check, 'FAILED, see above')
    return false
  }
}

/**
 * @param {string} root
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
async function runVitest(root, args, env) {
  const folder = await mkdtemp(join(tmpdir(), 'daybook-vitest-'))
  const file = join(folder, 'report.json')
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
    report('tests', 'running …')
    const exitCode = await handOver(join(root, 'node_modules/.bin/vitest'), ['run', ...reporters, ...args], {
      cwd: root,
      env,
    })
    const text = await readFile(file, 'utf8').catch(() => undefined)
    return countTests(text === undefined ? undefined : JSON.parse(text), exitCode)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** @param {import('./test-count.mjs').TestCount} count */
function print(count) {
  const lines = [
    ...count.skipped.map((name) => `skipped: ${name}`),
    ...count.faults.map((fault) => `failed: ${fault}`),
    summaryLine(count),
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}
