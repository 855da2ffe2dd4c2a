import { DaybookError } from '@daybook/errors'

/** These say that no connection was made, so the request cannot have had an effect. */
const neverConnected = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** Whether the request certainly had no effect, since there was no connection to send it over. */
export function wasNeverSent(cause: unknown): boolean {
  return neverConnected.has(socketCodeOf(cause))
}

/**
 * What a failure of the connection means for the request: nothing happened, an answer is missing, or the outcome is unknown.
 * A DaybookError stays what it is.
 */
export function connectionError(cause: unknown, method: string | undefined, url: URL): DaybookError {
  if (cause instanceof DaybookError) return cause
  if (wasNeverSent(cause)) {
    return new DaybookError(
      'unavailable',
      `Cannot reach ${url.origin}. Check the address and that Daybook is running there.`,
      { cause },
    )
  }
  if (method !== 'POST') return unanswered(cause, url)
  // The request may have arrived, and only the answer is lost: unknown, which is not "failed".
  return new DaybookError(
    'timeout',
    `No answer from ${url.origin} came back; whether the request took effect is not known.`,
    { cause },
  )
}

/** A question without an answer has no effect to be unsure of. */
function unanswered(cause: unknown, url: URL): DaybookError {
  if (cause instanceof Error && cause.name === 'TimeoutError')
    return new DaybookError('timeout', `No answer came from ${url.origin} in time. Try again.`, { cause })
  return new DaybookError(
    'unavailable',
    `The connection to ${url.origin} was lost before the answer. Try again.`,
    { cause },
  )
}

function socketCodeOf(error: unknown): string {
  if (!(error instanceof Error)) return ''
  if ('code' in error && typeof error.code === 'string') return error.code
  // Node tries all addresses of a name and then reports them together.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error.cause
  return socketCodeOf(first)
}
