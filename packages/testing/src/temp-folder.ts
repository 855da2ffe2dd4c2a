import { mkdtemp, rm, statfs } from 'node:fs/promises'
import { freemem, tmpdir } from 'node:os'
import { join } from 'node:path'
import { announce } from './reaper.ts'

export interface TempFolder extends AsyncDisposable {
  readonly path: string
}

/** Where Linux keeps files in memory. Containers often have 64 MiB there, other systems nothing. */
const MEMORY_FOLDER = '/dev/shm'

/**
 * A new folder under the system's temporary folder, or under `parent`; disposing, or the end of the tests, removes it and
 * what is in it.
 */
export async function createTempFolder(parent: string = tmpdir()): Promise<TempFolder> {
  const path = await mkdtemp(join(parent, 'daybook-test-'))
  const forget = announce({ folder: path })
  return {
    path,
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true, force: true, maxRetries: 3 })
      forget()
    },
  }
}

/** The folder whose files are kept in memory, if there is one and it has room for so many bytes. */
export async function findMemoryFolder(bytesMin: number): Promise<string | undefined> {
  const { bavail, bsize } = await statfs(MEMORY_FOLDER).catch(() => ({ bavail: 0, bsize: 0 }))
  return Math.min(bavail * bsize, freemem()) >= bytesMin ? MEMORY_FOLDER : undefined
}
