import { hostname } from 'node:os'
import { openStages, type Stages, type StopOptions } from './inbound-stages.ts'

/**
 * At once: a bot waits for a model most of the time, so a few conversations do not hold each other up, and no platform nor
 * model minds so few requests.
 */
const CONCURRENCY = 4
/** How long a claim waits for work: under the 30 s after which proxies lose patience. */
const WAIT_MS = 20_000
/** Longer than any answer that a person waits for: who hangs must not hold the conversation up for ever. */
const TIMEOUT_MS = 15 * 60 * 1_000

/** Something that a worker could not do, or not yet. */
export interface InboundProblem {
  readonly doing: 'claim' | 'extend' | 'work' | 'tell'
  readonly error: unknown
  /** Of the message; absent while claiming. */
  readonly key?: string
  /** When it is tried again; absent when it is not. */
  readonly retryInMs?: number
}

export interface WorkerOptions extends StopOptions {
  readonly account?: string
  /** A name that tells processes apart, for people to read; host and process id unless told. */
  readonly worker?: string
  /** How many messages, and as many replies, are worked on at once; 4 unless told. */
  readonly concurrency?: number
  /** How long a lease is, which is extended anyway; what holds for the source unless told. */
  readonly leaseMs?: number
  /** How long one claim waits for work, at least 100 ms and at most 30 s; 20 s unless told. */
  readonly waitMs?: number
  /** How long the work on one message may take before it counts as failed; 15 minutes unless told. */
  readonly timeoutMs?: number
  /** Told of everything that went wrong, the failures of handlers among them. For logs. */
  readonly onProblem?: (problem: InboundProblem) => void
}

/** Works until it is stopped, or until the server refuses its claims: then `done` rejects with the refusal. */
export interface InboundWorker extends AsyncDisposable {
  readonly done: Promise<void>
  /** Claims no more, lets what was begun finish for `drainMs`, and gives the rest back. */
  stop(): void
}

/** A worker on one kind of work. */
export type Loop = (stages: Stages) => Promise<void>

/** Runs loops that stop together: when they are asked to, or when one of them is refused. */
export function startWorker(loops: readonly Loop[], options: StopOptions): InboundWorker {
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
  timeoutMs = TIMEOUT_MS,
  worker = `${hostname()}-${process.pid}`,
}: WorkerOptions): Required<Pick<WorkerOptions, 'concurrency' | 'waitMs' | 'timeoutMs' | 'worker'>> {
  return { concurrency, waitMs, timeoutMs, worker }
}
