import { DaybookError, type JsonValue } from '@daybook/errors'
import { isRecord } from './answers.ts'
import { bounded, membersOf, retryAfterOf } from './attempt-failure.ts'
import { wasNeverSent } from './connection-error.ts'

/** To be thrown by a sender: the reply was certainly not sent, and may be sent again. */
export class NotSent extends Error {
  override readonly name: string = 'NotSent'
  readonly retryable: boolean
  /** As the platform asked for, at most a day. */
  readonly retryAfterMs: number | undefined

  constructor(
    message: string,
    {
      retryable = true,
      retryAfterMs,
      cause,
    }: { retryable?: boolean; retryAfterMs?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause })
    this.retryable = retryable
    this.retryAfterMs = retryAfterMs
  }
}

/** Whether nothing can have been sent: the sender says so, or there was no connection to send it over. */
export function isNotSent(error: unknown): boolean {
  return membersOf(error)['name'] === 'NotSent' || wasNeverSent(error)
}

/**
 * Of the statuses with which a platform refuses, these say nothing about an earlier attempt, or that there was one: 408 came
 * after a part of the request, and 409 is what a repeated idempotency key is answered with.
 */
const UNCERTAIN = new Set([408, 409])
/** Refused now, and perhaps not later: a token that is being changed, and too many requests. */
const MAY_PASS = new Set([401, 425, 429])

/**
 * For senders that use `fetch`: what the platform answered, as the receipt. Throws `NotSent` when the status says that nothing
 * was sent, with the pause that a 429 asks for; any other error means that it is unknown.
 */
export async function requireSent(response: Response): Promise<JsonValue | undefined> {
  const text = await response.text().catch(() => '')
  if (response.ok) return jsonOf(text)
  const { status, headers } = response
  const message = `${status} ${response.statusText}: ${text}`
  if (status < 400 || status >= 500 || UNCERTAIN.has(status)) throw new DaybookError('unavailable', message)
  const retryAfterMs = retryAfterOf(headers) ?? retryAfterIn(jsonOf(text))
  throw new NotSent(message, { retryable: MAY_PASS.has(status), retryAfterMs })
}

/** Telegram says it as `parameters.retry_after`, Discord as `retry_after`, both in seconds. */
function retryAfterIn(body: JsonValue | undefined): number | undefined {
  if (!isRecord(body)) return undefined
  const { parameters, retry_after: own } = body
  const seconds = isRecord(parameters) ? parameters['retry_after'] : own
  return typeof seconds === 'number' ? bounded(seconds * 1_000) : undefined
}

function jsonOf(text: string): JsonValue | undefined {
  try {
    const value: JsonValue = JSON.parse(text)
    return value
  } catch {
    return text === '' ? undefined : text
  }
}
