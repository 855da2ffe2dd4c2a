import { execFile } from 'node:child_process'
import { rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { announce } from './reaper.ts'
import { createTempFolder } from './temp-folder.ts'

const execFileAsync = promisify(execFile)

/** A filesystem of its own, in memory, that can be filled up. Disposing takes it away with what is on it. */
export interface SmallDisk extends AsyncDisposable {
  readonly path: string
  /** Leaves so many bytes free, at most. */
  fill(freeBytes: number): Promise<void>
  /** Takes back what `fill` took. */
  free(): Promise<void>
}

/** Mounts a filesystem of so many MiB; undefined where this user may not. */
export async function mountSmallDisk(mib: number): Promise<SmallDisk | undefined> {
  await using stack = new AsyncDisposableStack()
  const { path } = stack.use(await createTempFolder())
  try {
    await execFileAsync('mount', ['-t', 'tmpfs', '-o', `size=${mib}m,mode=0755`, 'tmpfs', path])
  } catch {
    return undefined
  }
  const forget = announce({ command: 'umount', args: ['--lazy', path] })
  stack.defer(async () => {
    // Lazily: a process that was killed a moment ago may still hold a file.
    await execFileAsync('umount', ['--lazy', path])
    forget()
  })
  const ballast = join(path, 'ballast')
  const opened = stack.move()
  return {
    path,
    async fill(freeBytes) {
      const { bavail, bsize } = await statfs(path)
      try {
        await writeFile(ballast, Buffer.alloc(Math.max(0, bavail * bsize - freeBytes)))
      } catch (error) {
        // Somebody else was writing at the same moment: it is as full as it can be.
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
      }
    },
    free: () => rm(ballast),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
