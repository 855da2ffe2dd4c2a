import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createTempFolder } from '@daybook/testing'
import { runOf } from './run-directory.ts'

/** How all ULIDs of the fixtures begin: they were made within minutes. */
const fixturePrefix = '01M7Y'

/** The same text with other ULIDs, so that several copies of a run can be in one journal. */
export function relabel(text: string, prefix: string): string {
  return text.replaceAll(fixturePrefix, prefix)
}

/** A copy of a fixture's run under other ULIDs: what was sealed soundly is so again, and what was damaged is as damaged. */
export async function relabelledCopy(
  prefix: string,
  ...names: string[]
): Promise<AsyncDisposable & { path: string; runId: string }> {
  const from = await runOf(...names)
  const folder = await createTempFolder()
  const runId = relabel(from.split('/').at(-1) ?? '', prefix)
  const path = join(folder.path, runId)
  for (const file of await readdir(from, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue
    const name = join(file.parentPath, file.name)
    const text = await readFile(name, 'utf8')
    const target = join(path, relabel(name.slice(from.length), prefix))
    await mkdir(dirname(target), { recursive: true })
    await writeFile(target, resealed(text, prefix))
  }
  return { path, runId, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

function resealed(text: string, prefix: string): string {
  const renamed = relabel(text, prefix)
  return checksumIn(text) === checksumOf(text)
    ? renamed.replace(/[0-9a-f]{64}(?="\n}\n$)/, checksumOf(renamed))
    : renamed
}

function checksumIn(text: string): string | undefined {
  return /"checksum": "([0-9a-f]{64})"\n}\n$/.exec(text)?.[1]
}

function checksumOf(text: string): string {
  const content = text.replace(/,\n {2}"checksum": "[0-9a-f]*"\n}\n$/, '\n}\n')
  return createHash('sha256').update(content).digest('hex')
}

/** Every file below a folder, by its name: text, so that a difference can be read. */
export async function treeOf(folder: string): Promise<Record<string, string>> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true })
  const read = files
    .filter((file) => file.isFile())
    .map(async (file) => {
      const name = join(file.parentPath, file.name)
      return [name.slice(folder.length + 1), (await readFile(name)).toString('latin1')] as const
    })
  return Object.fromEntries(await Promise.all(read))
}
