import type { Bus } from '@daybook/bus'
import { DaybookError } from '@daybook/errors'
import { toAppendResult } from './answers.ts'
import type { AppendDoor } from './append.ts'
import { parseAnswer } from './parse-answer.ts'

/** A connection to NATS on which the journal is asked, and where. */
export interface ServiceNats {
  readonly bus: Pick<Bus, 'connected' | 'request'>
  readonly subject: string
}

/** A NATS server takes messages of 1 MiB, unless told; text is at most three bytes a sign. */
const LENGTH_MAX = 256 * 1024
/** After these the journal has not got the request. */
const NOTHING_DONE = new Set(['unavailable', 'unsafe-configuration', 'payload-too-large'])

/**
 * Asks over NATS while that is connected, and over HTTP otherwise. Measured: an append over HTTP costs the two processes
 * five times the time. Where an answer fails to come, every further attempt of the same append goes over HTTP: its ids make
 * that harmless, whatever became of the first one.
 */
export function natsFirst(
  { bus, subject, headers }: ServiceNats & { readonly headers: Readonly<Record<string, string>> },
  http: AppendDoor,
): AppendDoor {
  let isGivenUp = false
  return async (body, timeoutMs) => {
    if (isGivenUp || !bus.connected || body.length > LENGTH_MAX) return http(body, timeoutMs)
    try {
      const reply = await bus.request(subject, body, { timeoutMs, headers })
      return toAppendResult(parseAnswer(reply.text(), 'The journal'))
    } catch (error) {
      isGivenUp = true
      if (error instanceof DaybookError && NOTHING_DONE.has(error.code)) return http(body, timeoutMs)
      throw error
    }
  }
}
