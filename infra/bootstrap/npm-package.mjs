import { chmod, mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CommandFailed, findOnPath, run } from './commands.mjs'
import { adviceFor, SetupProblem } from './setup-problem.mjs'

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
  const args = ['install', '--prefix', work, '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', spec]
  try {
    await mkdir(work)
    await run(npm, [...args, '--loglevel=error'], { cwd: work, env })
    await mkdir(dirname(join(folder, to)), { recursive: true })
    await rename(join(work, 'node_modules', packageName, from), join(folder, to))
    await chmod(join(folder, to), 0o755)
    await rm(work, { recursive: true })
  } catch (error) {
    const text = error instanceof CommandFailed ? error.output : String(error)
    throw new SetupProblem(
      `npm could not bring ${spec}. ${adviceFor(text, 'Install it by hand or look at npm’s answer above.')}`,
      { cause: text },
    )
  }
}
