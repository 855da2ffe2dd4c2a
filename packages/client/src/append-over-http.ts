import type { AppendRequest, AppendResult } from '@daybook/events'
import { toAppendResult } from './answers.ts'
import { type AppendDoor, appendWithin } from './append.ts'
import { natsFirst, type ServiceNats } from './append-nats-first.ts'
import { type Http, openHttp } from './http.ts'

/** The door over HTTP; `headers` go with each request. */
export function httpAppendDoor(http: Http, headers: Readonly<Record<string, string>> = {}): AppendDoor {
  const sent = { 'content-type': 'application/json', ...headers }
  return async (body, timeoutMs) => {
    const answer = await http.readJson({
      method: 'POST',
      path: '/v1/events',
      body,
      headers: sent,
      timeoutMs,
    })
    return toAppendResult(answer.body)
  }
}

/** Appends with headers that tell whose request it is. Codes: those of the journal, `timeout` and `unavailable`. */
export type AppendFor = (
  request: AppendRequest,
  headers: Readonly<Record<string, string>>,
  /** A connection that is asked first. */
  nats?: ServiceNats,
) => Promise<AppendResult>

/**
 * For services, which append for their callers: as `Daybook.append`, with the attempts and the ids that make them
 * harmless, yet with headers for each request. Opens no connection before the first.
 */
export function openAppends({ url, timeoutMs }: { url: string; timeoutMs: number }): AppendFor {
  const http = openHttp({ url, timeoutMs })
  return (request, headers, nats) => {
    const door = httpAppendDoor(http, headers)
    return appendWithin(nats === undefined ? door : natsFirst({ ...nats, headers }, door), request, timeoutMs)
  }
}
