import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { DaybookError } from '@daybook/errors'

/** A folder that comes into being whole or not at all. Leaving the scope without `finish` leaves nothing behind. */
export interface NewFolder extends AsyncDisposable {
  /** Where it grows, until it is finished. */
  readonly path: string
  /** Writes a file; its folders are made. Throws `damaged-run` for a path that would lead out of the folder. */
  write(path: string, content: string | Uint8Array): Promise<void>
  /** Puts it where it belongs. */
  finish(): Promise<void>
}

/** Throws `invalid-usage` when there is something at `path` already, or it cannot be written. */
export async function newFolder(path: string): Promise<NewFolder> {
  await expectNothing(path)
  const grown = await prepare(path)
  const made = new Set<string>()
  const folderOf = async (file: string): Promise<void> => {
    const folder = dirname(file)
    if (made.has(folder)) return
    await mkdir(join(grown, folder), { recursive: true })
    made.add(folder)
  }
  return {
    path: grown,
    write: async (file, content) => {
      expectInside(file)
      await folderOf(file)
      await writeFile(join(grown, file), content)
    },
    finish: async () => {
      await expectNothing(path)
      await rename(grown, path)
    },
    [Symbol.asyncDispose]: () => rm(grown, { recursive: true, force: true }),
  }
}

/** Beside its place, so that it can be moved there without being copied. */
async function prepare(path: string): Promise<string> {
  try {
    await mkdir(dirname(path), { recursive: true })
    const grown = join(dirname(path), `.${basename(path)}.${randomUUID()}`)
    await mkdir(grown)
    return grown
  } catch (cause) {
    throw new DaybookError('invalid-usage', `The folder of ${path} cannot be written.`, { cause })
  }
}

async function expectNothing(path: string): Promise<void> {
  const names = await readdir(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw new DaybookError('invalid-usage', `${path} is there already, and is not a folder.`, {
      cause: error,
    })
  })
  if (names.length > 0)
    throw new DaybookError('invalid-usage', `The folder ${path} is not empty. Name a new one with --out.`)
}

/** File names come out of the journal, and so from whoever could append to it. */
function expectInside(file: string): void {
  if (file.split('/').every(isPlain)) return
  throw new DaybookError(
    'damaged-run',
    'The import of this run names a file outside its directory. Nothing was written.',
  )
}

function isPlain(part: string): boolean {
  return part !== '' && part !== '.' && part !== '..' && !/[\\\0]/.test(part)
}
