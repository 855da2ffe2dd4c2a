import type { AttemptFailure } from './command.ts'
import type { InboundLimits } from './limits.ts'

/**
 * The pause after an attempt: twice as long each time, of which at random at least a half is kept ("equal jitter"), and at
 * least what the failure asks for (a platform's Retry-After).
 */
export function retryAfterMsOf(
  { retryBaseMs, retryMaxMs }: Pick<InboundLimits, 'retryBaseMs' | 'retryMaxMs'>,
  attempts: number,
  { chance, error }: { chance: number; error: AttemptFailure },
): number {
  const fullMs = Math.min(retryMaxMs, retryBaseMs * 2 ** Math.max(0, attempts - 1))
  return Math.max(error.retryAfterMs ?? 0, Math.round(fullMs * (0.5 + chance / 2)))
}
