import { messageKeyOf } from '@daybook/events'
import { Logger, makeWorkerUtils, run, type WorkerUtils } from 'graphile-worker'
import { connectionsFor, countRows, runStatement } from '../append/pool.ts'
import type { SampleMessage } from './sample-message.ts'
import type { InboundScenario, InboundSession, SessionOptions, WorkEvents } from './scenario.ts'

/** Jobs without an order; or one at a time for each conversation, by named queues. */
type Order = 'none' | 'by-conversation'

const TASK = 'message'
const silent = new Logger(() => () => undefined)

declare global {
  // Its own way to be told what a task is given.
  namespace GraphileWorker {
    interface Tasks {
      [TASK]: SampleMessage
    }
  }
}

export async function installGraphileWorker(url: string): Promise<void> {
  const utils = await makeWorkerUtils({ connectionString: url, logger: silent })
  await utils.migrate()
  await utils.release()
}

/** `jobKey` is the message's key, with the mode that keeps the first job and drops later ones. */
export function graphileWorker(url: string, order: Order): InboundScenario {
  const isOrdered = order === 'by-conversation'
  const lacks = [
    'recognising a repetition once the first one is done: its row is deleted',
    'an answer for a repetition, or word that it was one',
    'repetitions and conflicts that are counted and kept',
    'a record of every step, with who took it',
    'the end of a work stored before it counts as done',
  ]
  return {
    name: isOrdered ? 'graphile-worker-ordered' : 'graphile-worker',
    packageName: 'graphile-worker',
    label: isOrdered ? 'graphile-worker, queue per conversation' : 'graphile-worker',
    lacks: isOrdered ? lacks : ['order in a conversation', ...lacks],
    open: (options) => openSession(url, order, options),
  }
}

async function openSession(url: string, order: Order, { callers }: SessionOptions): Promise<InboundSession> {
  await using stack = new AsyncDisposableStack()
  await runStatement(url, 'truncate graphile_worker._private_jobs, graphile_worker._private_job_queues')
  const utils = stack.adopt(await openUtils(url, connectionsFor(callers)), (opened) => opened.release())
  const opened = stack.move()
  return {
    async receive(message) {
      const queue = order === 'none' ? {} : { queueName: message.conversation }
      await utils.addJob(TASK, message, {
        jobKey: messageKeyOf(message),
        jobKeyMode: 'unsafe_dedupe',
        ...queue,
      })
      return 'untold'
    },
    work: (workers, on) => startWork(url, workers, on),
    count: () => countRows(url, 'select count(*) from graphile_worker._private_jobs'),
    settle: () => runStatement(url, 'vacuum (analyze)'),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

async function openUtils(connectionString: string, maxPoolSize: number): Promise<WorkerUtils> {
  return await makeWorkerUtils({ connectionString, maxPoolSize, logger: silent })
}

/**
 * It looks by itself every two seconds, and with one worker misses some of what it is told by NOTIFY: so this is its best
 * case. A local queue, and longer waits to complete more jobs at once, made it no faster here at any number of workers.
 */
const POLL_MS = 50
/** One to listen for new jobs. */
const LISTENERS = 1

/** Its own runner: it hears of new jobs by NOTIFY, and completes jobs in batches. */
async function startWork(url: string, workers: number, on: WorkEvents): Promise<AsyncDisposable> {
  const taken = new Map<string, SampleMessage>()
  const runner = await run({
    connectionString: url,
    maxPoolSize: connectionsFor(workers) + LISTENERS,
    concurrency: workers,
    logger: silent,
    noHandleSignals: true,
    parsedCronItems: [],
    // At once with what ends in the same moment.
    preset: { worker: { completeJobBatchDelay: 0, pollInterval: POLL_MS } },
    taskList: {
      [TASK]: (message, { job }) => {
        taken.set(job.id, message)
        on.claimed(message)
      },
    },
  })
  runner.promise.catch((error: unknown) => on.failed(error))
  runner.events.on('job:error', ({ error }) => on.failed(error))
  runner.events.on('job:success', ({ job }) => {
    const message = taken.get(job.id)
    if (message !== undefined) on.completed(message)
    taken.delete(job.id)
  })
  return { [Symbol.asyncDispose]: () => runner.stop() }
}
