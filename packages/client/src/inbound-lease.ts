import { DaybookError } from '@daybook/errors'
import { backoffMs, pause } from './backoff.ts'
import type { GrantedLease } from './inbound-commands.ts'
import { unlessAborted } from './inbound-tell.ts'

/** A lease that is extended for as long as somebody works under it. */
export interface KeptLease {
  /** Aborted when the lease is lost: somebody else may have the work from then on. */
  readonly lost: AbortSignal
  /** The newest token. */
  readonly token: number
  /** No longer extends it; returns once no extension is under way, so that `token` is the last one. */
  end(): Promise<void>
}

export interface LeaseKeeping {
  readonly extend: (token: number) => Promise<Pick<GrantedLease, 'token' | 'leaseMs'>>
  /** Told of each extension that will be repeated. */
  readonly onRetry: (error: unknown, retryInMs: number) => void
}

/**
 * Extends a lease whenever a third of it is over, which leaves time for two more attempts.
 *
 * L1. Only durations count, by a clock that nobody sets: a lease lasts as long as the server said, from when it was asked for.
 * L2. When that time is over without an answer, the lease counts as lost: somebody else may have the work by then.
 */
export function keepLease(
  granted: Pick<GrantedLease, 'token' | 'leaseMs'>,
  { extend, onRetry }: LeaseKeeping,
): KeptLease {
  const lost = new AbortController()
  const ended = new AbortController()
  const runOut = (): void =>
    lost.abort(new DaybookError('lease-lost', 'The lease ran out before it could be extended.'))
  let { token, leaseMs } = granted
  let lastMoment = setTimeout(runOut, leaseMs) // L2
  const isOver = (): boolean => ended.signal.aborted || lost.signal.aborted

  const extendOnce = async (): Promise<void> => {
    const askedAtMs = performance.now()
    const answer = await extend(token)
    if (lost.signal.aborted) return
    clearTimeout(lastMoment)
    ;({ token, leaseMs } = answer)
    lastMoment = setTimeout(runOut, leaseMs - (performance.now() - askedAtMs)) // L1
  }
  const keep = async (): Promise<void> => {
    for (let failures = 0, delayMs = leaseMs / 3; ; ) {
      await pause(delayMs, AbortSignal.any([ended.signal, lost.signal]))
      if (isOver()) return
      try {
        await unlessAborted(extendOnce(), lost.signal)
        failures = 0
        delayMs = leaseMs / 3
      } catch (error) {
        if (error instanceof DaybookError && error.code === 'lease-lost') lost.abort(error)
        if (isOver()) return
        failures += 1
        delayMs = backoffMs(failures)
        onRetry(error, delayMs)
      }
    }
  }
  const kept = keep().finally(() => clearTimeout(lastMoment))
  return {
    lost: lost.signal,
    get token() {
      return token
    },
    end: async () => {
      ended.abort()
      await kept
    },
  }
}
