import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { inject } from 'vitest'
import { waitFor } from './wait-for.ts'

/** Making a database with all its tables takes a second; an embedded Postgres, on a busy machine, ten. */
const MAKING_MS_MAX = 60_000

/**
 * A folder that is made once in a test run, by whichever test file asks for it first, and stays until the end of the run:
 * for what many files begin with and nobody changes, since they work on copies. Only inside vitest.
 * @param make fills an empty folder, which takes its final place only when that is done
 */
export async function madeOnce(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(inject('daybookMadeOnce'), name)
  const draft = `${folder}.draft`
  while (!existsSync(folder)) {
    if (await begins(draft)) await finish(folder, draft, make)
    // Somebody else is at it; where that fails, this one tries.
    else await waitFor(() => !existsSync(draft), { what: `${name} to be made`, timeoutMs: MAKING_MS_MAX })
  }
  return folder
}

/** Whether the folder was not there: of several processes only one can make it. */
async function begins(draft: string): Promise<boolean> {
  try {
    await mkdir(draft)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

async function finish(folder: string, draft: string, make: (folder: string) => Promise<void>): Promise<void> {
  // Made by another between the look and the draft.
  if (existsSync(folder)) return rm(draft, { recursive: true })
  try {
    await make(draft)
    await rename(draft, folder)
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    throw error
  }
}
