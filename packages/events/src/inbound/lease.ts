import type { JsonObject } from '@daybook/errors'
import type { JournalEvent } from '../envelope.ts'
import { objectOf, texts } from '../run/read.ts'
import type { FailedAttempt, Lease } from './message.ts'

/** Of the extensions of a lease this many are remembered besides the first token, in case an answer got lost. */
const TOKENS_KEPT = 3

/** The lease that such an event grants. What an erased one said is not known, so its lease is over at once. */
export function granted({ data, seq, recordedAt }: JournalEvent): Lease {
  const { worker = '', claimId = '' } = texts(data, ['worker', 'claimId'])
  const until = later(recordedAt, numberOf(data, 'leaseMs'))
  return { worker, claimId, token: seq, tokens: [], until }
}

/** Whoever does not get the answer to an extension goes on with an earlier token of the same lease, which is as good. */
export function extended(
  lease: Lease,
  { data, seq, recordedAt }: Pick<JournalEvent, 'data' | 'seq' | 'recordedAt'>,
): Lease {
  const [first, ...rest] = [...lease.tokens, lease.token]
  const tokens = [first ?? lease.token, ...rest.slice(-TOKENS_KEPT)]
  return { ...lease, token: seq, tokens, until: later(recordedAt, numberOf(data, 'leaseMs')) }
}

/** What an event tells of an attempt that failed. */
export function failedAttempt(
  { lease, attempts }: { readonly lease?: Lease; readonly attempts: number },
  { data, seq, recordedAt: at }: JournalEvent,
): FailedAttempt {
  const error = objectOf(data, 'error')
  const { class: kind = '', message = '' } = texts(error, ['class', 'message'])
  return {
    attempt: Math.max(1, attempts),
    at,
    seq,
    ...(lease !== undefined && { worker: lease.worker }),
    ...(kind !== '' && { error: { class: kind, message, retryable: error['retryable'] !== false } }),
  }
}

/** An instant so long after another one. */
export function later(instant: string, ms: number): string {
  return new Date(Date.parse(instant) + ms).toISOString()
}

/** A member that is a number; 0 otherwise. */
export function numberOf(data: JsonObject, name: string): number {
  const value = data[name]
  return typeof value === 'number' ? value : 0
}
