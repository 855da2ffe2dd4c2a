import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'

/** What a stretch of load came to. Latencies are in milliseconds and sorted, smallest first. */
export interface Measurement {
  requestsPerSecond: number
  latenciesMs: Float64Array
  /** CPU time of this process over the stretch, as a share of one core (1 = one core full). */
  generatorCpu: number
}

export interface Stretch {
  /** Load before measuring: connections, plans and the JIT settle. The load runs on into the measured part. */
  warmUpMs: number
  durationMs: number
  signal: AbortSignal
}

/**
 * Closed loop: every caller sends its next request when the one before is answered.
 * Only answers that arrive within the measured part count. Callers are in mid-request at both of its
 * ends, so what is cut off at the end is balanced by what was begun before the start.
 * The first failure stops all callers and is thrown.
 */
export async function closedLoop(
  callers: readonly (() => Promise<void>)[],
  stretch: Stretch,
): Promise<Measurement> {
  const failed = new AbortController()
  const answers: { at: number; latencyMs: number }[] = []
  const ended = new AbortController()
  const stop = AbortSignal.any([stretch.signal, failed.signal, ended.signal])

  const loop = async (request: () => Promise<void>): Promise<void> => {
    while (!stop.aborted) {
      const sentAt = performance.now()
      await request()
      const at = performance.now()
      answers.push({ at, latencyMs: at - sentAt })
    }
  }
  const loops = callers.map((request) =>
    loop(request).catch((error: unknown) => {
      failed.abort(error)
    }),
  )

  const window = await measuredWindow(stretch, stop)
  ended.abort()
  await Promise.all(loops)
  // On Ctrl-C the servers get the signal too, so requests fail; the reason is the signal.
  stretch.signal.throwIfAborted()
  failed.signal.throwIfAborted()

  const counted = answers.filter(({ at }) => at >= window.from && at <= window.to)
  return {
    requestsPerSecond: (counted.length * 1000) / (window.to - window.from),
    latenciesMs: Float64Array.from(counted, ({ latencyMs }) => latencyMs).toSorted(),
    generatorCpu: window.cpu,
  }
}

/** Ends early, without an error, when the load failed: the caller knows the cause. */
async function measuredWindow(
  stretch: Stretch,
  signal: AbortSignal,
): Promise<{ from: number; to: number; cpu: number }> {
  const pause = (ms: number): Promise<void> => delay(ms, undefined, { signal }).catch(() => undefined)
  await pause(stretch.warmUpMs)
  const from = performance.now()
  const cpuBefore = process.cpuUsage()
  await pause(stretch.durationMs)
  const to = performance.now()
  return { from, to, cpu: coresUsed(cpuBefore, to - from) }
}

/**
 * Open loop: requests are due at a fixed rate whether or not earlier ones are answered, and latency counts
 * from the moment a request was due. A system (or a generator) that falls behind therefore shows it in
 * every later request, instead of being sent less (no coordinated omission). `dueAt` is on the clock of `performance.now`.
 */
export async function openLoop(
  request: (index: number, dueAt: number) => Promise<void>,
  stretch: Stretch & { ratePerSecond: number },
): Promise<Measurement> {
  const perMs = stretch.ratePerSecond / 1000
  const warmUpCount = Math.floor(stretch.warmUpMs * perMs)
  const total = warmUpCount + Math.floor(stretch.durationMs * perMs)
  const failed = new AbortController()
  const signal = AbortSignal.any([stretch.signal, failed.signal])
  const latencies: number[] = []
  const cpuBefore = process.cpuUsage()
  const startedAt = performance.now()
  const send = async (index: number): Promise<void> => {
    const dueAt = startedAt + index / perMs
    await request(index, dueAt)
    if (index >= warmUpCount) latencies.push(performance.now() - dueAt)
  }

  const sent: Promise<void>[] = []
  while (sent.length < total && !signal.aborted) {
    const due = Math.min(total, Math.floor((performance.now() - startedAt) * perMs) + 1)
    while (sent.length < due) {
      sent.push(send(sent.length).catch((error: unknown) => failed.abort(error)))
    }
    // The shortest timer there is. What it adds to a request's latency is counted, as said above.
    await delay(1)
  }
  await Promise.all(sent)
  signal.throwIfAborted()

  const endedAt = performance.now()
  return {
    requestsPerSecond: (latencies.length * 1000) / (endedAt - startedAt - stretch.warmUpMs),
    latenciesMs: Float64Array.from(latencies).toSorted(),
    generatorCpu: coresUsed(cpuBefore, endedAt - startedAt),
  }
}

/** The value below which a share `q` of the sorted values lies (nearest rank). NaN when there are none. */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]]
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2
}

function coresUsed(before: NodeJS.CpuUsage, elapsedMs: number): number {
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000 / elapsedMs
}
