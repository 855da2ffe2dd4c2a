import { createHash } from 'node:crypto'
import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './commands.mjs'

/** The release that is fetched where no nats-server is at hand. */
const NATS_RELEASE = '2.15.1'

const RELEASES = 'https://github.com/nats-io/nats-server/releases/download'

/** The list of checksums is tiny: a network that cannot bring it in this time is as good as none. */
const CHECKSUMS_TIMEOUT_MS = 8_000
/** About 7 MB; slow lines get their time. */
const ARCHIVE_TIMEOUT_MS = 180_000

/** What the release calls the machine. */
const ARCHITECTURES = new Map([
  ['x64', 'amd64'],
  ['arm64', 'arm64'],
])

/**
 * Puts the official nats-server into `folder`, if its archive has the checksum that is published with it.
 * @param {string} folder
 */
export async function unpackNatsRelease(folder) {
  const name = archiveName(process.platform, process.arch)
  const address = `${RELEASES}/v${NATS_RELEASE}`
  const checksums = (await download(`${address}/SHA256SUMS`, CHECKSUMS_TIMEOUT_MS)).toString('utf8')
  const archive = await download(`${address}/${name}.tar.gz`, ARCHIVE_TIMEOUT_MS)
  const wanted = checksumOf(checksums, `${name}.tar.gz`)
  if (createHash('sha256').update(archive).digest('hex') !== wanted) {
    throw new Error('the archive does not have the checksum that was published with it')
  }
  await writeFile(join(folder, 'archive.tar.gz'), archive)
  await run('tar', ['-xzf', 'archive.tar.gz', `${name}/nats-server`], { cwd: folder })
  await rename(join(folder, name, 'nats-server'), join(folder, 'nats-server'))
  await Promise.all(['archive.tar.gz', name].map((rest) => rm(join(folder, rest), { recursive: true })))
}

/**
 * The line of a SHA256SUMS text that belongs to `file`.
 * @param {string} checksums
 * @param {string} file
 * @returns {string | undefined} lower-case hex
 */
export function checksumOf(checksums, file) {
  const lines = checksums.split('\n').map((line) => /^([0-9a-f]{64}) [ *](\S+)$/i.exec(line.trim()))
  return lines.find((match) => match?.[2] === file)?.[1]?.toLowerCase()
}

/**
 * @param {string} platform
 * @param {string} arch
 */
function archiveName(platform, arch) {
  const architecture = ARCHITECTURES.get(arch)
  if (!architecture || !['linux', 'darwin'].includes(platform))
    throw new Error(`none is made for ${platform} ${arch}`)
  return `nats-server-v${NATS_RELEASE}-${platform}-${architecture}`
}

/**
 * @param {string} url
 * @param {number} timeoutMs
 */
async function download(url, timeoutMs) {
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) }).catch((error) => {
    throw new Error(`${new URL(url).host} did not answer (${error.cause?.code ?? error.name})`)
  })
  if (!response.ok) throw new Error(`${new URL(url).host} answered ${response.status}`)
  return Buffer.from(await response.arrayBuffer())
}
