import { type AttemptFailure, LEASE_MS_MAX } from '@daybook/events'
import { isRecord } from './answers.ts'

/** The bounds of an attempt's failure in the journal. */
const CLASS_CHARACTERS_MAX = 100
const MESSAGE_CHARACTERS_MAX = 4_000
/** Line feeds and tabs stay: they make stacks and bodies readable. */
const CONTROLS = /[^\P{Cc}\n\t]/gu
const LINES = /[\n\t]/g

/**
 * To be thrown by a handler: trying again cannot help. A message is dead at once, until a person requeues it; a run of a job
 * has failed.
 */
export class PermanentError extends Error {
  override readonly name: string = 'PermanentError'
  readonly retryable = false
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

/** The members of an error also where they are inherited, as its name is. */
export function membersOf(error: unknown): Record<string, unknown> {
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
export function retryAfterOf(headers: Headers): number | undefined {
  const text = headers.get('retry-after')
  if (text === null) return undefined
  if (/^\d+$/.test(text)) return bounded(Number(text) * 1_000)
  return bounded(Date.parse(text) - Date.parse(headers.get('date') ?? ''))
}

/** A pause within what the journal keeps. */
export function bounded(ms: number): number | undefined {
  return Number.isFinite(ms) ? Math.min(LEASE_MS_MAX, Math.max(0, Math.ceil(ms))) : undefined
}
