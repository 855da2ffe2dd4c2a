import { DaybookError } from '@daybook/errors'
import { headers as emptyHeaders, type MsgHdrs } from '@nats-io/transport-node'

/** The headers of a message. Names are compared as they are written; of a repeated name the first value counts. */
export type Headers = Readonly<Record<string, string>>

/** Errors: `invalid-request` for a name or value that a header cannot hold (a line break). */
export function toNatsHeaders(headers: Headers): MsgHdrs {
  const result = emptyHeaders()
  try {
    for (const name of Object.keys(headers)) result.set(name, headers[name] ?? '')
  } catch (cause) {
    throw new DaybookError('invalid-request', 'A header holds a character that headers cannot carry.', {
      cause,
    })
  }
  return result
}

export function fromNatsHeaders(headers: MsgHdrs | undefined): Headers {
  const result: Record<string, string> = {}
  if (headers === undefined) return result
  for (const [name, values] of headers) result[name] = values[0] ?? ''
  return result
}
