import { readdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { DaybookError } from '@daybook/errors'

/**
 * The run directories behind a path that a person gives: a run directory itself, a folder of runs, or a project with
 * `.a5c/runs` in it. In the order of their names, which is the order of their creation where the ids are ULIDs.
 * Throws `not-found` when there is none.
 */
export async function findRuns(path: string): Promise<string[]> {
  const root = resolve(path)
  if (!(await isFolder(root))) {
    throw new DaybookError(
      'not-found',
      `${path} is not a folder. Pass a run directory, a folder of runs, or a project folder with .a5c/runs.`,
    )
  }
  // A project may have a folder named journal of its own, so its runs are looked for first.
  const inProject = join(root, '.a5c', 'runs')
  const isProject = !(await isFile(join(root, 'run.json'))) && (await isFolder(inProject))
  if (!isProject && (await isRun(root))) return [root]
  const runs = await runsIn(isProject ? inProject : root)
  if (runs.length > 0) return runs
  throw new DaybookError(
    'not-found',
    `There is no run directory in ${path}. A run directory has run.json and a journal folder.`,
  )
}

async function runsIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  const found: string[] = []
  for (const name of names.toSorted()) {
    if (await isRun(join(folder, name))) found.push(join(folder, name))
  }
  return found
}

/** Also a run that lost one of the two is a run: it is then reported as damaged, and not overlooked. */
async function isRun(folder: string): Promise<boolean> {
  return (await isFile(join(folder, 'run.json'))) || (await isFolder(join(folder, 'journal')))
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false
}
