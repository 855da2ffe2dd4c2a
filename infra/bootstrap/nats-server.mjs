import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { addToCache, listCached } from './cache.mjs'
import { findOnPath, run } from './commands.mjs'
import { unpackDebianPackage } from './debian-archive.mjs'
import { unpackNatsRelease } from './nats-release.mjs'
import { during, report } from './progress.mjs'
import { messageOf, SetupProblem } from './setup-problem.mjs'
import { isAtLeast, parseVersion } from './versions.mjs'

/** Older servers have known holes: see the advisories of the NATS project. */
const NATS_FLOOR = '2.14.3'

/**
 * A nats-server that is new enough: the one named by the environment, on the PATH or in the cache, else fetched.
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<string>} path of the program
 */
export async function ensureNatsServer(env) {
  const cached = (await listCached('nats-server', env))
    .toReversed()
    .map((folder) => join(folder, 'nats-server'))
  for (const path of [env.DAYBOOK_NATS_SERVER, findOnPath('nats-server', env), ...cached]) {
    const version = path && existsSync(path) ? await versionOf(path) : ''
    if (path && isAtLeast(version, NATS_FLOOR)) {
      report('nats-server', `${version} at ${path}`)
      return path
    }
  }
  return fetchNatsServer(env)
}

/** @param {NodeJS.ProcessEnv} env */
async function fetchNatsServer(env) {
  const sources = [
    { name: 'the official release', unpack: unpackNatsRelease },
    { name: 'Debian’s package', unpack: unpackDebianServer },
  ]
  const reasons = []
  for (const { name, unpack } of sources) {
    try {
      const path = await addToCache({ program: 'nats-server', file: 'nats-server', env }, async (folder) => {
        await during('nats-server', `fetching ${name}`, () => unpack(folder))
        return requireFloor(join(folder, 'nats-server'))
      })
      report('nats-server', `fetched to ${path}`)
      return path
    } catch (error) {
      const reason = messageOf(error)
      report('nats-server', `not from ${name}: ${reason}`)
      reasons.push(reason)
    }
  }
  throw new SetupProblem(
    `There is no nats-server ${NATS_FLOOR} or newer, and it could not be fetched: put one on the PATH, ` +
      'name its file in DAYBOOK_NATS_SERVER, or set NATS_URL to a server that runs.',
    { cause: reasons },
  )
}

/** @param {string} folder */
async function unpackDebianServer(folder) {
  await unpackDebianPackage(
    { name: 'nats-server', suite: 'sid', file: 'usr/sbin/nats-server' },
    join(folder, 'nats-server'),
  )
}

/** @param {string} path */
async function requireFloor(path) {
  const version = await versionOf(path)
  if (!isAtLeast(version, NATS_FLOOR))
    throw new Error(`its version is ${version || 'unknown'}: too old, or it does not run`)
  return version
}

/**
 * @param {string} path
 * @returns {Promise<string>} '' when the program does not run
 */
async function versionOf(path) {
  const output = await run(path, ['--version']).catch(() => '')
  return parseVersion(output)?.join('.') ?? ''
}
