import { createHash } from 'node:crypto'
import { lstat, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DaybookError } from '@daybook/errors'
import type { Finding } from './finding.ts'

/** A file of a run directory as it was read, whole. */
export interface RunFile {
  /** Relative to the run directory, with `/` on every platform. */
  readonly path: string
  readonly bytes: Uint8Array
  /** SHA-256 of the bytes, hex. */
  readonly sha256: string
}

/** A run directory in memory. Names are looked up in `files` only, so that no reference in a file can reach out of the directory. */
export interface RunDirectory {
  /** Where it was read from, for messages. The folder usually has the run's id as its name, but people rename folders. */
  readonly path: string
  readonly files: ReadonlyMap<string, RunFile>
  /** What could not be read as part of a sound run. */
  readonly findings: readonly Finding[]
  /** Files and folders that are deliberately not imported: artifacts, and what a crash left of a write outside the journal. */
  readonly leftOut: readonly string[]
}

/** A blob of the journal is at most this long, and each file is kept as one. */
const fileBytesMax = 16 * 1024 * 1024
/** A run is checked in memory before anything is sent; this much of it still is comfortable on a small machine. */
const runBytesMax = 1024 * 1024 * 1024

/** What the tool keeps beside the record: who holds the run at the moment, and which files git should not see. */
const notPartOfTheRecord = new Set(['run.lock', '.gitignore'])

/**
 * Reads everything of a run directory that belongs to its record. Symbolic links are not followed: they are findings.
 * Throws `not-found` when `path` is not a folder.
 */
export async function readRunDirectory(path: string): Promise<RunDirectory> {
  const files = new Map<string, RunFile>()
  const findings: Finding[] = []
  const leftOut: string[] = []
  let bytesTotal = 0
  for await (const entry of walk(path, '')) {
    const file = entry.path
    if (entry.kind === 'left-out') leftOut.push(file)
    else if (entry.kind === 'link')
      findings.push({ file, code: 'symbolic-link', detail: 'is a symbolic link, which is not followed' })
    else if (entry.kind === 'other')
      findings.push({ file, code: 'stray-file', detail: 'is neither a file nor a folder' })
    else {
      const { size } = await lstat(join(path, file))
      bytesTotal += size
      if (size > fileBytesMax || bytesTotal > runBytesMax) findings.push(tooLarge(file, size))
      else files.set(file, await readRunFile(path, file))
    }
  }
  return { path, files, findings, leftOut }
}

async function readRunFile(root: string, path: string): Promise<RunFile> {
  const bytes = await readFile(join(root, path))
  return { path, bytes, sha256: createHash('sha256').update(bytes).digest('hex') }
}

function tooLarge(file: string, bytes: number): Finding {
  const why =
    bytes > fileBytesMax ? `a file may have ${fileBytesMax}` : `with it the run has over ${runBytesMax}`
  return { file, code: 'too-large', detail: `has ${bytes} bytes and is too large to be imported: ${why}` }
}

interface Entry {
  readonly path: string
  readonly kind: 'file' | 'link' | 'other' | 'left-out'
}

/** In the order of their names, so that findings and manifests come out the same each time. */
async function* walk(root: string, folder: string): AsyncGenerator<Entry> {
  const entries = await readdir(join(root, folder), { withFileTypes: true }).catch((cause: unknown) => {
    throw new DaybookError(
      'not-found',
      `Cannot read the folder ${join(root, folder)}. Check that it exists and may be read.`,
      { cause },
    )
  })
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (folder === '' && notPartOfTheRecord.has(entry.name)) continue
    if (entry.name === 'artifacts' || (isTemporary(entry.name) && folder !== 'journal'))
      yield { path, kind: 'left-out' }
    else if (entry.isSymbolicLink()) yield { path, kind: 'link' }
    else if (entry.isDirectory()) yield* walk(root, path)
    else yield { path, kind: entry.isFile() ? 'file' : 'other' }
  }
}

/** That tool writes `<target>.tmp-<pid>-<ms>` and renames it; what a crash leaves keeps that name. */
export function isTemporary(name: string): boolean {
  return /\.tmp-/.test(name)
}
