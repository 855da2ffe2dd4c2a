import { Logger, parseCronItems, run } from 'graphile-worker'
import { connectionsFor } from '../append/pool.ts'
import { type CronPeer, expressionOf, type PeerDue, type PeerEvents, scheduleName } from './peer.ts'

const TASK = 'report'
const silent = new Logger(() => () => undefined)

declare global {
  // Its own way to be told what a task is given.
  namespace GraphileWorker {
    interface Tasks {
      [TASK]: { schedule: string }
    }
  }
}

/** A local queue, so that jobs are fetched together, takes almost half a second off the last start here; more workers do not. */
const WORKERS = 16
const FETCHED_TOGETHER = 500
/** It hears of new jobs by NOTIFY, and looks for itself as well. */
const POLL_MS = 50

/** `parsedCronItems`: one statement adds all jobs of a minute. */
export function graphileWorkerCron(url: string): CronPeer {
  return {
    name: 'graphile-worker',
    label: 'graphile-worker',
    packageName: 'graphile-worker',
    lacks: [
      'seconds and time zones: it knows minutes, in UTC',
      'schedules that can be changed while it runs: they are a list that it is started with',
      'a record of each slot: a job that is done is deleted, and only the last time of a schedule is kept',
      'what happens while the last run has not ended, and runs that are held, made up for in order, or replaced',
    ],
    open: (due, on) => startRunner(url, due, on),
  }
}

async function startRunner(url: string, due: PeerDue, on: PeerEvents): Promise<AsyncDisposable> {
  const items = Array.from({ length: due.schedules }, (_, index) => ({
    task: TASK,
    match: expressionOf(due),
    identifier: scheduleName(index),
    payload: { schedule: scheduleName(index) },
  }))
  const runner = await run({
    connectionString: url,
    maxPoolSize: connectionsFor(WORKERS),
    concurrency: WORKERS,
    logger: silent,
    noHandleSignals: true,
    parsedCronItems: parseCronItems(items),
    preset: {
      worker: { completeJobBatchDelay: 0, pollInterval: POLL_MS, localQueue: { size: FETCHED_TOGETHER } },
    },
    taskList: { [TASK]: ({ schedule }) => on.started(schedule) },
  })
  runner.promise.catch((error: unknown) => on.failed(error))
  runner.events.on('job:error', ({ error }) => on.failed(error))
  return { [Symbol.asyncDispose]: () => runner.stop() }
}
