import { DaybookError, type JsonValue } from '@daybook/errors'
import { type AttemptFailure, LEASE_MS_MAX } from '@daybook/events'
import { isRecord } from './answers.ts'
import { wasNeverSent } from './connection-error.ts'

/** The bounds of an attempt's failure in the journal. */
const CLASS_CHARACTERS_MAX = 100
const MESSAGE_CHARACTERS_MAX = 4_000
/** Line feeds and tabs stay: they make stacks and bodies readable. */
const CONTROLS = /[^\P{Cc}\n\t]/gu
const LINES = /[\n\t]/g

/** To be thrown by a handler: trying this message again cannot help. It is dead at once, until a person requeues it. */
export class PermanentError extends Error {
  override readonly name: string = 'PermanentError'
  readonly retryable = false
}

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

/**
 * What is told of an error: its `code`, else its `name`, and its message as far as the journal keeps it. It is retryable unless
 * it says `retryable: false`. What it asks for as a pause is honoured: `retryAfterMs`, or the header Retry-After of its
 * `headers` or of its `response`, as the clients of platforms and models have them.
 */
export function failureOf(error: unknown): AttemptFailure {
  const { message, ...members } = membersOf(error)
  const retryAfterMs = retryAfterMsOf(members)
  return {
    class: cut(classOf(members).replaceAll(LINES, ' '), CLASS_CHARACTERS_MAX) || 'Error',
    message: cut(typeof message === 'string' ? message : String(error), MESSAGE_CHARACTERS_MAX),
    retryable: members['retryable'] !== false,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  }
}

/** Whether nothing can have been sent: the sender says so, or there was no connection to send it over. */
export function isNotSent(error: unknown): boolean {
  return membersOf(error)['name'] === 'NotSent' || wasNeverSent(error)
}

/** The members of an error also where they are inherited, as its name is. */
function membersOf(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return isRecord(error) ? error : {}
  const { name, message } = error
  const code = 'code' in error ? error.code : undefined
  return { ...Object.fromEntries(Object.entries(error)), name, message, code }
}

function classOf({ code, name }: Record<string, unknown>): string {
  if (typeof code === 'string' && code !== '') return code
  return typeof name === 'string' ? name : ''
}

/** What is cut in the middle of a sign would not be a text any more. */
function cut(text: string, characters: number): string {
  return text.replaceAll(CONTROLS, '').slice(0, characters).toWellFormed()
}

function retryAfterMsOf({ retryAfterMs, headers, response }: Record<string, unknown>): number | undefined {
  if (typeof retryAfterMs === 'number') return bounded(retryAfterMs)
  const given = headers ?? (isRecord(response) || response instanceof Response ? response.headers : undefined)
  if (given instanceof Headers) return retryAfterOf(given)
  if (!isRecord(given)) return undefined
  const [seconds, date] = [given['retry-after'], given['date']]
  return retryAfterOf(
    new Headers({
      ...(typeof seconds === 'string' && { 'retry-after': seconds }),
      ...(typeof date === 'string' && { date }),
    }),
  )
}

/** RFC 9110, 10.2.3: seconds, or a date, which is compared with the date of the same answer and never with our clock. */
function retryAfterOf(headers: Headers): number | undefined {
  const text = headers.get('retry-after')
  if (text === null) return undefined
  if (/^\d+$/.test(text)) return bounded(Number(text) * 1_000)
  return bounded(Date.parse(text) - Date.parse(headers.get('date') ?? ''))
}

function bounded(ms: number): number | undefined {
  return Number.isFinite(ms) ? Math.min(LEASE_MS_MAX, Math.max(0, Math.ceil(ms))) : undefined
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
