import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ensureCached } from './cache.mjs'
import { isMusl } from './node.mjs'
import { takeFromNpm } from './npm-package.mjs'
import { during, report } from './progress.mjs'
import { SetupProblem } from './setup-problem.mjs'

/**
 * The pnpm that package.json pins, from npm's package for this platform, kept in the cache.
 * @param {string} root the repository
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{ path: string, version: string }>}
 */
export async function ensurePnpm(root, env) {
  const version = await pinnedVersion(root)
  const packageName = `@pnpm/exe.${process.platform}-${process.arch}${isMusl() ? '-musl' : ''}`
  const path = await ensureCached({ program: 'pnpm', version, file: 'pnpm', env }, (folder) =>
    during('pnpm', `fetching ${version} from npm`, () =>
      takeFromNpm({ packageName, version, from: 'pnpm', to: 'pnpm', env }, folder),
    ),
  )
  report('pnpm', `${version} in the cache`)
  return { path, version }
}

/** @param {string} root */
async function pinnedVersion(root) {
  /** @type {{ packageManager?: string }} */
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  const version = /^pnpm@(\d+\.\d+\.\d+)/.exec(manifest.packageManager ?? '')?.[1]
  if (!version)
    throw new SetupProblem('package.json must pin pnpm: write "packageManager": "pnpm@<version>".')
  return version
}
