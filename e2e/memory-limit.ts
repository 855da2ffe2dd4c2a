import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { waitFor } from '@daybook/testing'

/** A bound on the memory of a process, kept by the kernel: past it the process is killed. */
export interface MemoryLimit extends AsyncDisposable {
  /** Runs the command that follows its arguments, bound. */
  readonly wrapper: { readonly command: string; readonly args: readonly string[] }
  /** The most that was used so far. */
  peakMiB(): Promise<number>
}

const MIB = 1024 * 1024

/** Control groups of version 2, and of version 1. */
const LAYOUTS = [
  { root: '/sys/fs/cgroup', limit: 'memory.max', peak: 'memory.peak' },
  { root: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes', peak: 'memory.max_usage_in_bytes' },
]

/** Undefined where this user may not make control groups. */
export async function limitMemory(mib: number): Promise<MemoryLimit | undefined> {
  for (const { root, limit, peak } of LAYOUTS) {
    const folder = join(root, `daybook-test-${process.pid}`)
    try {
      await mkdir(folder)
    } catch {
      continue
    }
    try {
      await writeFile(join(folder, limit), String(mib * MIB), { flag: 'r+' })
    } catch {
      await rmdir(folder)
      continue
    }
    return {
      wrapper: { command: '/bin/sh', args: ['-c', `echo $$ > ${folder}/cgroup.procs && exec "$@"`, 'sh'] },
      peakMiB: async () => Number(await readFile(join(folder, peak), 'utf8')) / MIB,
      async [Symbol.asyncDispose]() {
        // The kernel lets go of an ended process a moment later.
        await waitFor(() => rmdir(folder).then(() => true), { what: 'the control group to be empty' })
      },
    }
  }
  return undefined
}
