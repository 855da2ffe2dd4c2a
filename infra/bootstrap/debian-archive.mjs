import { existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  parseDeb822Sources,
  parseOneLineSources,
  selectDebianMirrors,
  sourcesListFor,
} from './apt-sources.mjs'
import { CommandFailed, findOnPath, run } from './commands.mjs'
import { adviceFor, messageOf } from './setup-problem.mjs'

/** Debian's keys, under the names that its releases give them. */
const KEYRINGS = [
  '/usr/share/keyrings/debian-archive-keyring.gpg',
  '/usr/share/keyrings/debian-archive-keyring.pgp',
]

/**
 * Takes one file out of a package of another suite, without installing anything and without root: the machine's own
 * mirror is read with package lists kept apart from the machine's, and apt checks the signature.
 * @param {{ name: string, suite: string, file: string }} wanted `file` is a path inside the package
 * @param {string} target
 */
export async function unpackDebianPackage({ name, suite, file }, target) {
  await withPrivateLists({ type: 'deb', suites: [suite] }, async (apt, work) => {
    await apt(['download', name])
    const archive = (await readdir(work)).find((entry) => entry.endsWith('.deb'))
    if (!archive) throw new Error(`apt-get downloaded no ${name}`)
    await run('dpkg', ['-x', archive, 'unpacked'], { cwd: work })
    await copyFile(join(work, 'unpacked', file), target)
  })
}

/**
 * Downloads a source package into `folder`, from the first suite that can deliver it; apt checks the signature.
 * @param {{ name: string, suites: string[] }} wanted
 * @param {string} folder
 */
export async function downloadDebianSource({ name, suites }, folder) {
  const failures = []
  for (const suite of suites) {
    try {
      return await withPrivateLists({ type: 'deb-src', suites: [suite] }, async (apt, work) => {
        await apt(['source', '--download-only', name])
        for (const file of await readdir(work, { withFileTypes: true })) {
          if (file.isFile() && file.name.startsWith(`${name}_`))
            await copyFile(join(work, file.name), join(folder, file.name))
        }
      })
    } catch (error) {
      failures.push(`${suite}: ${messageOf(error)}`)
    }
  }
  throw new Error(`no suite has the source package ${name} (${failures.join('; ')})`)
}

/**
 * @param {{ type: 'deb' | 'deb-src', suites: string[] }} wanted
 * @param {(apt: (args: string[]) => Promise<string>, work: string) => Promise<void>} use
 */
async function withPrivateLists(wanted, use) {
  if (!findOnPath('apt-get', process.env)) throw new Error('this system has no apt-get')
  const keyring = KEYRINGS.find((path) => existsSync(path))
  const list = sourcesListFor(await findMirrors(), { ...wanted, keyring })
  if (!list) throw new Error('the apt sources of this machine name no Debian mirror')
  const work = await mkdtemp(join(tmpdir(), 'daybook-apt-'))
  try {
    for (const folder of ['lists/partial', 'cache/archives/partial'])
      await mkdir(join(work, folder), { recursive: true })
    await writeFile(join(work, 'sources.list'), list)
    const apt = (/** @type {string[]} */ args) => runApt(work, args)
    await apt(['update'])
    await use(apt, work)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/**
 * @param {string} work
 * @param {string[]} args
 */
async function runApt(work, args) {
  const settings = {
    'Dir::Etc::sourcelist': join(work, 'sources.list'),
    'Dir::Etc::sourceparts': '-',
    'Dir::Etc::preferences': '/dev/null',
    'Dir::Etc::preferencesparts': '-',
    'Dir::State::lists': join(work, 'lists'),
    'Dir::Cache': join(work, 'cache'),
    // The user that apt changes to when started by root cannot enter a folder made by root.
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
    'Acquire::http::Timeout': '20',
    'Acquire::Retries': '2',
  }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])
  try {
    return await run('apt-get', ['-qq', ...options, ...args], { cwd: work })
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error
    const lastLine = error.output.trim().split('\n').pop() ?? ''
    throw new Error(
      `apt-get ${args[0]}: ${lastLine || error.message}. ${adviceFor(error.output, '')}`.trim(),
      { cause: error },
    )
  }
}

/** The machine's addresses of Debian's archive; none is written down here. */
async function findMirrors() {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '')
  const codename = /^VERSION_CODENAME="?(\w+)/m.exec(release)?.[1]
  const parts = await readdir('/etc/apt/sources.list.d').catch(() => [])
  const files = ['/etc/apt/sources.list', ...parts.map((name) => join('/etc/apt/sources.list.d', name))]
  const sources = await Promise.all(
    files.map(async (file) => {
      if (file.endsWith('.sources')) return parseDeb822Sources(await readFile(file, 'utf8'))
      return file.endsWith('.list') ? parseOneLineSources(await readFile(file, 'utf8').catch(() => '')) : []
    }),
  )
  return selectDebianMirrors(sources.flat(), codename)
}
