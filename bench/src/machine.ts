import { open, rm } from 'node:fs/promises'
import { availableParallelism, cpus, release, tmpdir, totalmem, type } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { median } from './measure.ts'

/** What a figure depends on besides the software measured. */
export interface Machine {
  cores: number
  processor: string
  memoryGiB: number
  system: string
  node: string
  /** Median time of one 8 KiB write with `fdatasync` in the directory for temporary files: what a commit waits for. */
  diskFlushMs: number
}

export async function describeMachine(): Promise<Machine> {
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    system: `${type()} ${release()}`,
    node: process.versions.node,
    diskFlushMs: await measureDiskFlush(),
  }
}

async function measureDiskFlush(): Promise<number> {
  const path = join(tmpdir(), `daybook-bench-${process.pid}.flush`)
  const page = Buffer.alloc(8192, 1)
  const times: number[] = []
  await using file = await open(path, 'w')
  await rm(path)
  // Enough for a stable median, over in a second even where a flush takes 20 ms.
  for (let index = 0; index < 50; index++) {
    const startedAt = performance.now()
    await file.write(page, 0, page.length, 0)
    await file.datasync()
    times.push(performance.now() - startedAt)
  }
  return median(times)
}
