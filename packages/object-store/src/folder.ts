import { randomUUID } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { DaybookError } from '@daybook/errors'
import { requireName } from './name.ts'
import type { ObjectStore } from './object-store.ts'

/** Files in a folder, which is made with the first of them. */
export function folderStore(path: string): ObjectStore {
  const root = resolve(path)
  const pathOf = (name: string): string => {
    requireName(name)
    return join(root, name)
  }
  return {
    location: root,
    put: (name, content) => attempt(`write ${name}`, () => writeWhole(pathOf(name), content)),
    get: (name) => attempt(`read ${name}`, () => readIfThere(pathOf(name))),
    remove: (name) => attempt(`remove ${name}`, () => rm(pathOf(name), { force: true })),
  }

  async function attempt<T>(action: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (cause) {
      if (cause instanceof DaybookError) throw cause
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new DaybookError('unavailable', `The folder ${root} could not ${action}: ${reason}.`, { cause })
    }
  }
}

/** Beside it first, then renamed: a reader sees the old file or the new one, and so does a machine that lost its power. */
async function writeWhole(path: string, content: Uint8Array): Promise<void> {
  const folder = dirname(path)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const beside = join(folder, `.${randomUUID()}`)
  try {
    const file = await open(beside, 'wx', 0o600)
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(beside, path)
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
  await syncFolder(folder)
}

/** The rename itself is durable only then. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
