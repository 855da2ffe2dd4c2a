import { hostname } from 'node:os'
import { openStages, type Stages, type StopOptions } from './worker-stages.ts'

/**
 * At once: a worker waits for a model most of the time, so a few do not hold each other up, and no platform nor model minds
 * so few requests.
 */
const CONCURRENCY = 4
/** How long a claim waits for work: under the 30 s after which proxies lose patience. */
const WAIT_MS = 20_000

/** Something that a worker could not do, or not yet. */
export interface WorkerProblem {
  /** `follow`: to be told at once when somebody wants a run to end; without that it is learned with the next extension. */
  readonly doing: 'claim' | 'extend' | 'work' | 'tell' | 'follow'
  readonly error: unknown
  /** Of the message; of a run of a job, `<job>/<run>`; absent while claiming. */
  readonly key?: string
  /** When it is tried again; absent when it is not. */
  readonly retryInMs?: number
}

export interface WorkerOptions extends StopOptions {
  /** A name that tells processes apart, for people to read; host and process id unless told. */
  readonly worker?: string
  /** How many messages, as many replies, or runs are worked on at once; 4 unless told. */
  readonly concurrency?: number
  /** How long a lease is, which is extended anyway; what holds for the source or the job unless told. */
  readonly leaseMs?: number
  /** How long one claim waits for work, at least 100 ms and at most 30 s; 20 s unless told. */
  readonly waitMs?: number
  /** How long one handler may take before it counts as failed. For messages 15 minutes unless told; runs have their job's. */
  readonly timeoutMs?: number
  /** Told of everything that went wrong, the failures of handlers among them. For logs. */
  readonly onProblem?: (problem: WorkerProblem) => void
}

/** Works until it is stopped, or until the server refuses its claims: then `done` rejects with the refusal. */
export interface Worker extends AsyncDisposable {
  readonly done: Promise<void>
  /** Claims no more, lets what was begun finish for `drainMs`, and gives the rest back. */
  stop(): void
}

/** A worker on one kind of work. */
export type Loop = (stages: Stages) => Promise<void>

/** Runs loops that stop together: when they are asked to, or when one of them is refused. */
export function startWorker(loops: readonly Loop[], options: StopOptions): Worker {
  const stages = openStages(options)
  const all = loops.map(async (loop) => await loop(stages))
  const done = ended(all).finally(() => stages[Symbol.dispose]())
  return {
    done,
    stop: () => stages.stop(),
    [Symbol.asyncDispose]: async () => {
      stages.stop()
      await done
    },
  }
}

/** Each loop stops the others; only when all have come to their end is it said how. */
async function ended(loops: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(loops)
  await Promise.all(loops)
}

/** The bounds of a worker's work, with their defaults. */
export function boundsOf({
  concurrency = CONCURRENCY,
  waitMs = WAIT_MS,
  worker = `${hostname()}-${process.pid}`,
}: WorkerOptions): Required<Pick<WorkerOptions, 'concurrency' | 'waitMs' | 'worker'>> {
  return { concurrency, waitMs, worker }
}
