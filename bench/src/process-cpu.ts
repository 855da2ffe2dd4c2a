import { readdir, readFile } from 'node:fs/promises'

/** CPU time that a kind of process took. */
export interface CpuShare {
  process: string
  seconds: number
}

/** What the processes that this one started have taken so far, and this one itself. */
export type CpuReading = ReadonlyMap<number, CpuShare>

/** `USER_HZ`: in these Linux tells times, whatever the kernel counts in. */
const TICKS_PER_SECOND = 100

/** Empty where there is no `/proc`. */
export async function readCpu(): Promise<CpuReading> {
  const entries = await readdir('/proc').catch(() => [])
  const stats = await Promise.all(entries.filter((name) => /^\d+$/.test(name)).map(readStat))
  const byId = new Map(stats.flatMap((stat) => (stat === undefined ? [] : [[stat.id, stat] as const])))
  const isOurs = (stat: Stat | undefined): boolean =>
    stat !== undefined && (stat.id === process.pid || isOurs(byId.get(stat.parent)))
  const ours = [...byId.values()].filter(isOurs)
  return new Map(
    await Promise.all(
      ours.map(async ({ id, seconds }) => [id, { process: await nameOf(id), seconds }] as const),
    ),
  )
}

/** What was taken between two readings, by kind of process; one that ended in between is not in it. */
export function cpuBetween(before: CpuReading, after: CpuReading): CpuShare[] {
  const spent = new Map<string, number>()
  for (const [id, { process: name, seconds }] of after) {
    const own = seconds - (before.get(id)?.seconds ?? 0)
    spent.set(name, (spent.get(name) ?? 0) + own)
  }
  return [...spent].map(([name, seconds]) => ({ process: name, seconds }))
}

/** The sums of several stretches, largest first. */
export function sumCpu(stretches: readonly (readonly CpuShare[])[]): CpuShare[] {
  const sums = new Map<string, number>()
  for (const { process: name, seconds } of stretches.flat()) sums.set(name, (sums.get(name) ?? 0) + seconds)
  return [...sums]
    .map(([name, seconds]) => ({ process: name, seconds }))
    .toSorted((a, b) => b.seconds - a.seconds)
}

interface Stat {
  id: number
  parent: number
  seconds: number
}

/** A process may end at any moment; then it is not there. */
async function readStat(id: string): Promise<Stat | undefined> {
  const text = await readFile(`/proc/${id}/stat`, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  // The second field is the command in brackets, which may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [parent, user, system] = [fields[1], fields[11], fields[12]].map(Number)
  return { id: Number(id), parent: parent ?? 0, seconds: ((user ?? 0) + (system ?? 0)) / TICKS_PER_SECOND }
}

/** The services are all `…/services/<name>/dist/main.js`. */
async function nameOf(id: number): Promise<string> {
  if (id === process.pid) return 'this process'
  const command = await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')
  const service = /services\/([a-z]+)\/dist\/main\.js/.exec(command)?.[1]
  if (service !== undefined) return service
  return ['postgres', 'nats-server'].find((name) => command.includes(name)) ?? 'others'
}
