import type { IncomingMessage } from 'node:http'
import { createUlids } from '@daybook/events'

/** Header that carries the id of a request from the first door to the last service, and back to the caller. */
export const REQUEST_ID_HEADER = 'x-request-id'

/** Long enough for the ids of others, and of characters that no log or header can misread. */
const SANE_ID = /^[A-Za-z0-9._-]{1,128}$/

/** Takes a caller's id if it is sane, and makes a ULID if it is not or there is none. */
export function createRequestIds(): (request: IncomingMessage) => string {
  const nextUlid = createUlids()
  return (request) => {
    const given = request.headers[REQUEST_ID_HEADER]
    return typeof given === 'string' && SANE_ID.test(given) ? given : nextUlid()
  }
}
