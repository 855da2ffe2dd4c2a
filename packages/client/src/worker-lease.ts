import { DaybookError } from '@daybook/errors'
import { hasNumbers, hasTexts } from './answers.ts'
import { backoffMs, pause } from './backoff.ts'
import { unlessAborted } from './worker-tell.ts'

/** A lease as it was granted. The instant is by the server's clock, so a worker goes by the duration. */
export interface GrantedLease {
  readonly token: number
  readonly leaseUntil: string
  readonly leaseMs: number
}

export function isLease(value: unknown): value is GrantedLease {
  return hasNumbers(value, 'token', 'leaseMs') && hasTexts(value, 'leaseUntil')
}

/** An extension may say that the work is to end. */
export interface ExtendedLease extends Pick<GrantedLease, 'token' | 'leaseMs'> {
  readonly cancelRequested?: boolean
}

/** A lease that is extended for as long as somebody works under it. */
export interface KeptLease {
  /** Aborted when the lease is lost: somebody else may have the work from then on. */
  readonly lost: AbortSignal
  /** Aborted when somebody wants the work to end; the lease is extended all the same. */
  readonly cancelled: AbortSignal
  /** The newest token. */
  readonly token: number
  /** No longer extends it; returns once no extension is under way, so that `token` is the last one. */
  end(): Promise<void>
}

export interface LeaseKeeping {
  readonly extend: (token: number) => Promise<ExtendedLease>
  /** Aborted when an extension may have something new to say: it is then made at once. */
  readonly hint?: AbortSignal
  /** Told of each extension that will be repeated. */
  readonly onRetry: (error: unknown, retryInMs: number) => void
}

/**
 * Extends a lease whenever a third of it is over, which leaves time for two more attempts.
 *
 * L1. Only durations count, by a clock that nobody sets: a lease lasts as long as the server said, from when it was asked for.
 * L2. When that time is over without an answer, the lease counts as lost: somebody else may have the work by then.
 * L3. A hint that comes while an extension is under way asks for another one: that one may have been answered before.
 */
export function keepLease(
  granted: Pick<GrantedLease, 'token' | 'leaseMs'>,
  { extend, hint = new AbortController().signal, onRetry }: LeaseKeeping,
): KeptLease {
  const lost = new AbortController()
  const [cancelled, ended] = [new AbortController(), new AbortController()]
  const runOut = (): void =>
    lost.abort(new DaybookError('lease-lost', 'The lease ran out before it could be extended.'))
  let { token, leaseMs } = granted
  let lastMoment = setTimeout(runOut, leaseMs) // L2

  /** Answers for how long it holds then. */
  const extendOnce = async (): Promise<number> => {
    const askedAtMs = performance.now()
    const answer = await extend(token)
    if (lost.signal.aborted) return 0
    clearTimeout(lastMoment)
    ;({ token, leaseMs } = answer)
    if (answer.cancelRequested === true)
      cancelled.abort(new DaybookError('unavailable', 'Somebody wants this work to end.'))
    lastMoment = setTimeout(runOut, leaseMs - (performance.now() - askedAtMs)) // L1
    return leaseMs
  }
  const keeping = { extendOnce, leaseMs, hint, lost, ended: ended.signal, onRetry }
  const kept = extendUntilOver(keeping).finally(() => clearTimeout(lastMoment))
  return {
    lost: lost.signal,
    cancelled: cancelled.signal,
    get token() {
      return token
    },
    end: async () => {
      ended.abort()
      await kept
    },
  }
}

interface Extending extends Pick<LeaseKeeping, 'onRetry'> {
  readonly extendOnce: () => Promise<number>
  readonly leaseMs: number
  readonly hint: AbortSignal
  readonly lost: AbortController
  readonly ended: AbortSignal
}

async function extendUntilOver({
  extendOnce,
  leaseMs,
  hint,
  lost,
  ended,
  onRetry,
}: Extending): Promise<void> {
  const over = AbortSignal.any([ended, lost.signal])
  for (let failures = 0, delayMs = leaseMs / 3, isHeeded = false; ; ) {
    await pause(delayMs, isHeeded ? over : AbortSignal.any([over, hint]))
    if (over.aborted) return
    isHeeded = hint.aborted // L3
    try {
      delayMs = (await unlessAborted(extendOnce(), lost.signal)) / 3
      failures = 0
    } catch (error) {
      if (error instanceof DaybookError && error.code === 'lease-lost') lost.abort(error)
      if (over.aborted) return
      failures += 1
      delayMs = backoffMs(failures)
      onRetry(error, delayMs)
    }
  }
}
