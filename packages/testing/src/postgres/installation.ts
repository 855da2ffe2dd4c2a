import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const execFileAsync = promisify(execFile)

/** An installed Postgres server that has pgvector. */
export interface Installation {
  /** Holds `postgres` and `initdb`. */
  binFolder: string
  /** Major version, such as '17'. */
  version: string
}

/** Debian keeps the versions side by side here. */
const DEBIAN_FOLDER = '/usr/lib/postgresql'

/** The newest installed Postgres with pgvector: Debian's, else the one whose pg_config is on the PATH. */
export async function findInstallation(): Promise<Installation | undefined> {
  const versions = existsSync(DEBIAN_FOLDER) ? await readdir(DEBIAN_FOLDER) : []
  const newestFirst = versions.filter((name) => /^\d+$/.test(name)).toSorted((a, b) => Number(b) - Number(a))
  for (const version of newestFirst) {
    const binFolder = join(DEBIAN_FOLDER, version, 'bin')
    if (isComplete(binFolder, `/usr/share/postgresql/${version}`)) return { binFolder, version }
  }
  return findByPgConfig()
}

async function findByPgConfig(): Promise<Installation | undefined> {
  try {
    const { stdout } = await execFileAsync('pg_config', ['--bindir', '--sharedir', '--version'])
    const [binFolder = '', shareFolder = '', name = ''] = stdout.split('\n')
    const version = /\d+/.exec(name)?.[0]
    return version && isComplete(binFolder, shareFolder) ? { binFolder, version } : undefined
  } catch {
    return undefined
  }
}

function isComplete(binFolder: string, shareFolder: string): boolean {
  const needed = [
    join(binFolder, 'postgres'),
    join(binFolder, 'initdb'),
    join(shareFolder, 'extension/vector.control'),
  ]
  return needed.every((path) => existsSync(path))
}
