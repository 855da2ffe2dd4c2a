import { DaybookError } from '@daybook/errors'
import type { AppendRequest, AppendResult, Draft, Expectation } from '@daybook/events'
import { backoffMs, pause } from './backoff.ts'

export interface AppendOptions {
  /** Where each stream must be for the request to be accepted; otherwise it fails with `seq-conflict`. */
  readonly expect?: Readonly<Record<string, Expectation>>
  /** The whole append with all its attempts; the connection's `timeoutMs` by default. */
  readonly timeoutMs?: number
}

/** Sends one append request (JSON text) and waits at most `timeoutMs`. Over HTTP or NATS. */
export type AppendDoor = (body: string, timeoutMs: number) => Promise<AppendResult>

/** The journal's own bound: a request is one transaction, and must stay small enough to be one. */
const appendEventsMax = 1_000

/** One attempt may take this long: well over the journal's worst minute, yet leaving time for a second attempt. */
const attemptTimeoutMs = 5_000

/** After these the same request may be sent again: nothing happened, or its ids make a repetition harmless. */
const worthAnotherAttempt = new Set(['timeout', 'unavailable', 'overloaded'])

/**
 * Appends, and repeats the attempt with the same ids until the deadline. An event that an earlier attempt has already
 * brought in is answered with its first receipt, so that a lost answer never doubles anything.
 * Fails with `timeout` when the outcome stayed unknown: appending the same drafts once more later is always safe.
 */
export async function appendWithin(
  door: AppendDoor,
  request: AppendRequest,
  timeoutMs: number,
): Promise<AppendResult> {
  checkSize(request.events)
  const body = JSON.stringify(request)
  const deadline = performance.now() + timeoutMs
  let unknown = false
  for (let attempt = 1; ; attempt += 1) {
    const leftMs = deadline - performance.now()
    try {
      return await door(body, Math.max(1, Math.min(attemptTimeoutMs, leftMs)))
    } catch (error) {
      if (!(error instanceof DaybookError) || !worthAnotherAttempt.has(error.code)) throw error
      unknown ||= error.code === 'timeout'
      const delayMs = backoffMs(attempt)
      if (performance.now() + delayMs >= deadline) throw unknown ? outcomeUnknown(error, timeoutMs) : error
      await pause(delayMs)
    }
  }
}

function checkSize(events: readonly Draft[]): void {
  if (events.length === 0) {
    throw new DaybookError('invalid-request', 'There is nothing to append: pass at least one draft.')
  }
  if (events.length > appendEventsMax) {
    const detail = `${events.length} events are too many for one request, which is atomic: send at most ${appendEventsMax} at a time.`
    throw new DaybookError('too-many-events', detail, {
      details: { events: events.length, eventsMax: appendEventsMax },
    })
  }
}

function outcomeUnknown(cause: DaybookError, timeoutMs: number): DaybookError {
  const detail = `No receipt came within ${timeoutMs} ms; whether the events are journaled is not known. Append the same drafts again: their ids keep them from being journaled twice.`
  return new DaybookError('timeout', detail, { cause })
}
