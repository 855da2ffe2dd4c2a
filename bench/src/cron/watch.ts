import { type CpuShare, cpuBetween, readCpu, sumCpu } from '../process-cpu.ts'
import type { Heard } from './heard.ts'
import { waitUntil } from './wait-until.ts'

/** A stretch in which something is due: one second or minute, or several seconds in a row. Milliseconds of the epoch. */
export interface Stretch {
  firstMs: number
  lastMs: number
}

/** Reading ahead is part of the work. */
export const AHEAD_MS = 3_000
/** For what follows a start: the relay, the read model, the end of a run. */
const AFTER_MS = 2_000

/**
 * Watches over stretches, one after the other, until what was expected in each was heard of, or `giveUpMs` have passed since
 * its end. Answers what CPU time the processes took in them, from `AHEAD_MS` before each until `AFTER_MS` after.
 */
export async function watch(
  stretches: readonly Stretch[],
  watched: { expected: ReadonlyMap<string, number>; heard: Heard; giveUpMs: number; signal: AbortSignal },
): Promise<CpuShare[]> {
  const { expected, heard, giveUpMs, signal } = watched
  const spent: CpuShare[][] = []
  for (const { firstMs, lastMs } of stretches) {
    const keys = [...expected].flatMap(([key, slot]) => (slot >= firstMs && slot <= lastMs ? [key] : []))
    await waitUntil(firstMs - AHEAD_MS, signal)
    const before = await readCpu()
    await waitUntil(lastMs, signal)
    await heard.untilAll(keys, lastMs + giveUpMs, signal)
    await waitUntil(Date.now() + AFTER_MS, signal)
    spent.push(cpuBetween(before, await readCpu()))
  }
  return sumCpu(spent)
}

/** For a thousand starts, of what so many took. */
export function perThousand(cpu: readonly CpuShare[], starts: number): CpuShare[] {
  return cpu.map(({ process, seconds }) => ({ process, seconds: (seconds * 1_000) / starts }))
}
