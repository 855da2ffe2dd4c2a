import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { announce } from './reaper.ts'

export interface TempFolder extends AsyncDisposable {
  readonly path: string
}

/** A new folder under the system's temporary folder; disposing, or the end of the tests, removes it and what is in it. */
export async function createTempFolder(): Promise<TempFolder> {
  const path = await mkdtemp(join(tmpdir(), 'daybook-test-'))
  const forget = announce({ folder: path })
  return {
    path,
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true, force: true, maxRetries: 3 })
      forget()
    },
  }
}
