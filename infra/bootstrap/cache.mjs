import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * Where programs that are not part of the repository are kept: one folder `<name>-<version>` each.
 * @param {NodeJS.ProcessEnv} env
 */
function cacheFolder(env) {
  return env.DAYBOOK_CACHE || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'daybook')
}

/**
 * Makes sure that the cache holds `file` of a program's version, and returns its path.
 * @param {{ program: string, version: string, file: string, env: NodeJS.ProcessEnv }} entry
 * @param {(folder: string) => Promise<void>} fill
 */
export async function ensureCached({ program, version, file, env }, fill) {
  const path = join(cacheFolder(env), `${program}-${version}`, file)
  if (existsSync(path)) return path
  return addToCache({ program, file, env }, async (folder) => {
    await fill(folder)
    return version
  })
}

/**
 * Adds a program whose version is known only when it is there. `fill` writes into an empty folder and tells the version;
 * the folder takes its final name only then, so that neither a failure nor a second setup at the same time leaves half a
 * program behind.
 * @param {{ program: string, file: string, env: NodeJS.ProcessEnv }} entry
 * @param {(folder: string) => Promise<string>} fill
 * @returns {Promise<string>} path of `file`
 */
export async function addToCache({ program, file, env }, fill) {
  const cache = cacheFolder(env)
  await mkdir(cache, { recursive: true })
  const draft = await mkdtemp(join(cache, `.${program}-`))
  try {
    const target = join(cache, `${program}-${await fill(draft)}`)
    await chmod(draft, 0o755)
    await moveInto(target, draft, file)
    return join(target, file)
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

/**
 * The cached entries of a program, newest name last.
 * @param {string} program
 * @param {NodeJS.ProcessEnv} env
 */
export async function listCached(program, env) {
  const cache = cacheFolder(env)
  const names = existsSync(cache) ? await readdir(cache) : []
  return names
    .filter((name) => name.startsWith(`${program}-`))
    .toSorted(new Intl.Collator('en', { numeric: true }).compare)
    .map((name) => join(cache, name))
}

/**
 * @param {string} target
 * @param {string} draft
 * @param {string} file
 */
async function moveInto(target, draft, file) {
  try {
    await rename(draft, target)
  } catch (error) {
    // Another setup was faster: its copy is as good. A folder without the file is a remnant and gives way.
    if (existsSync(join(target, file))) return
    if (!existsSync(target)) throw error
    await rm(target, { recursive: true, force: true })
    await rename(draft, target)
  }
}
