import { DaybookError } from '@daybook/errors'
import { type JournalEvent, jobOfStream, streamOfJob } from '@daybook/events'
import { backoffMs, pause } from './backoff.ts'
import type { SubscribeOptions } from './daybook.ts'
import type { WorkerOptions } from './worker.ts'

/** The live tail of the journal. */
export type SubscribeToCancels = (options: SubscribeOptions) => AsyncIterable<JournalEvent>

/** Somebody wants a run to end, or another one waits for that. */
const CANCELS = ['CRON_RUN_CANCEL_REQUESTED', 'CRON_RUN_REPLACED']

/** Which runs of a worker somebody may want to end. */
export interface CancelHints extends AsyncDisposable {
  /** The signal is aborted when an extension of the run's lease may say so. To be disposed of with the end of the work. */
  of(key: string): { readonly signal: AbortSignal } & Disposable
}

/**
 * Follows the journal for wishes that a run end, since leases are long and such a wish has little time. No more than a
 * hint: what counts is what the extension of the lease says, which also comes when this tail does not work, as with a token
 * without the scope `read`.
 */
export function openCancelHints(
  subscribe: SubscribeToCancels,
  job: string,
  { onProblem }: Pick<WorkerOptions, 'onProblem'>,
): CancelHints {
  const hints = new Map<string, AbortController>()
  const ended = new AbortController()
  const which = job === '*' ? { kinds: ['cron'] } : { streams: [streamOfJob(job)] }
  const options = { ...which, types: CANCELS, after: 'now', signal: ended.signal } as const
  const follow = async (): Promise<void> => {
    for (let failures = 1; !ended.signal.aborted; failures += 1) {
      try {
        for await (const event of subscribe(options)) hints.get(keyOf(event))?.abort()
      } catch (error) {
        const mayPass = error instanceof DaybookError && error.retry === 'later'
        const retryInMs = backoffMs(failures)
        onProblem?.({ doing: 'follow', error, ...(mayPass && { retryInMs }) })
        if (!mayPass) return
        await pause(retryInMs, ended.signal)
      }
    }
  }
  const following = follow()
  return {
    of: (key) => {
      const hint = new AbortController()
      hints.set(key, hint)
      return { signal: hint.signal, [Symbol.dispose]: () => void hints.delete(key) }
    },
    [Symbol.asyncDispose]: async () => {
      ended.abort()
      await following
    },
  }
}

function keyOf({ stream, data }: JournalEvent): string {
  const { run } = data
  return `${jobOfStream(stream) ?? ''}/${typeof run === 'string' ? run : ''}`
}
