import type { IncomingHttpHeaders } from 'node:http'

/** Headers of one connection only (RFC 9110, 7.6.1), and those that the next request gets anew. */
const NOT_FORWARDED = new Set([
  'connection',
  'proxy-connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'host',
])

/** The headers of a message that may go on over another connection. */
export function endToEndHeaders(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const named = (headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase())
  const dropped = new Set([...NOT_FORWARDED, ...named])
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !dropped.has(name)))
}

/** The name and the credentials of whoever sends a request, in the ways that are known. */
const IDENTITY = /^(authorization|cookie|daybook-.*)$/

/** The headers of a request without what they say about the caller. */
export function withoutIdentity(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !IDENTITY.test(name)))
}
