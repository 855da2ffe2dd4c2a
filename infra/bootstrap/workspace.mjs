import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, readlink, rename, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CommandFailed, run } from './commands.mjs'
import { during, report } from './progress.mjs'
import { adviceFor, SetupProblem } from './setup-problem.mjs'

/** Inside node_modules, so that whoever deletes the packages deletes the claim that they are there. */
const STAMP = 'node_modules/.daybook-installed'

/** By default pnpm tries a registry that is out of reach for many minutes. */
const RETRIES = [
  '--config.fetchRetries=2',
  '--config.fetchRetryMintimeout=1000',
  '--config.fetchRetryMaxtimeout=5000',
]

/**
 * Installs what the lockfile names, unless nothing that decides about it has changed since the last success.
 * @param {string} root
 * @param {{ path: string, version: string }} pnpm
 * @param {NodeJS.ProcessEnv} env
 */
export async function installPackages(root, pnpm, env) {
  const manifests = await readManifests(root)
  const digest = await digestOf(root, manifests, pnpm.version)
  const stamp = join(root, STAMP)
  const installed = existsSync(stamp) && (await readFile(stamp, 'utf8')) === digest
  if (installed && manifests.every((manifest) => hasItsPackages(root, manifest))) {
    report('packages', 'unchanged')
    return
  }
  await during('packages', 'installing', () =>
    runQuietly('pnpm install', () =>
      // CI=true: with nobody to ask, pnpm replaces a node_modules that another version made.
      run(pnpm.path, ['install', '--frozen-lockfile', ...RETRIES], {
        cwd: root,
        env: { ...env, CI: 'true' },
      }),
    ),
  )
  await writeFile(stamp, digest)
  report('packages', 'installed')
}

/**
 * The programs in node_modules/.bin prefer a `node` beside them. With this link they, and `npx` on a host with an older
 * Node, run under the Node that the setup chose.
 * @param {string} root
 */
export async function linkNode(root) {
  const link = join(root, 'node_modules/.bin/node')
  const current = await readlink(link).catch(() => undefined)
  if (current === process.execPath) return
  await mkdir(dirname(link), { recursive: true })
  const draft = `${link}.${process.pid}`
  await symlink(process.execPath, draft)
  await rename(draft, link)
}

/**
 * Compiles every package that changed.
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 */
export async function build(root, env) {
  const turbo = join(root, 'node_modules/.bin/turbo')
  const quiet = { ...env, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1', TURBO_NO_UPDATE_NOTIFIER: '1' }
  await during('build', 'compiling what changed', () =>
    runQuietly('The build', () =>
      run(turbo, ['run', 'build', '--output-logs=errors-only'], { cwd: root, env: quiet }),
    ),
  )
  report('build', 'up to date')
}

/**
 * Runs a command whose output matters only when it fails: then it is the cause of the problem, and shown with it.
 * @param {string} what
 * @param {() => Promise<string>} command
 */
async function runQuietly(what, command) {
  try {
    await command()
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error
    throw new SetupProblem(`${what} failed. ${adviceFor(error.output, 'The output above says why.')}`, {
      cause: error,
    })
  }
}

/**
 * Every package.json of the repository: in its root and one or two folders down, which is where workspaces are.
 * @param {string} root
 * @returns {Promise<{ path: string, text: string }[]>}
 */
async function readManifests(root) {
  const paths = ['package.json']
  for (const folder of await listFolders(root)) {
    const inner = (await listFolders(join(root, folder))).map((name) => join(folder, name))
    paths.push(...[folder, ...inner].map((path) => join(path, 'package.json')))
  }
  const present = paths.filter((path) => existsSync(join(root, path))).toSorted()
  return Promise.all(present.map(async (path) => ({ path, text: await readFile(join(root, path), 'utf8') })))
}

/** @param {string} folder */
async function listFolders(folder) {
  const entries = await readdir(folder, { withFileTypes: true })
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules')
    .map((entry) => entry.name)
}

/**
 * @param {string} root
 * @param {{ path: string, text: string }[]} manifests
 * @param {string} pnpmVersion
 */
async function digestOf(root, manifests, pnpmVersion) {
  const hash = createHash('sha256').update(`${pnpmVersion}\n${process.versions.modules}\n`)
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml']) hash.update(await readFile(join(root, file)))
  for (const { path, text } of manifests) hash.update(`\0${path}\0${text}`)
  return hash.digest('hex')
}

/**
 * Whether a package that needs others has a node_modules: someone may have deleted just that one.
 * @param {string} root
 * @param {{ path: string, text: string }} manifest
 */
function hasItsPackages(root, { path, text }) {
  /** @type {{ dependencies?: object, devDependencies?: object }} */
  const { dependencies, devDependencies } = JSON.parse(text)
  const needsNone = Object.keys({ ...dependencies, ...devDependencies }).length === 0
  return needsNone || existsSync(join(root, dirname(path), 'node_modules'))
}
