import { createHash, createHmac } from 'node:crypto'

/** Who signs, and for which part of the service. */
export interface SigningKey {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly region: string
}

/** A request to be signed. */
export interface UnsignedRequest {
  readonly method: string
  readonly url: URL
  /** All of them are signed, with `host`. */
  readonly headers: Readonly<Record<string, string>>
  /** SHA-256 of the body in hex. */
  readonly payloadSha256: string
}

const SERVICE = 's3'
const ALGORITHM = 'AWS4-HMAC-SHA256'

/** SHA-256 in hex. */
export function sha256Hex(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex')
}

/**
 * The headers that make a request one of the key's owner, `x-amz-date` and `x-amz-content-sha256` among them.
 * AWS Signature Version 4, "Authenticating Requests: Using the Authorization Header".
 */
export function signRequest(request: UnsignedRequest, key: SigningKey, at: Date): Record<string, string> {
  const instant = at.toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
  const headers = {
    ...request.headers,
    host: request.url.host,
    'x-amz-content-sha256': request.payloadSha256,
    'x-amz-date': instant,
  }
  const scope = [instant.slice(0, 8), key.region, SERVICE, 'aws4_request'].join('/')
  const signed = namesOf(headers).join(';')
  const toSign = [ALGORITHM, instant, scope, sha256Hex(canonicalRequest({ ...request, headers }))].join('\n')
  const signature = createHmac('sha256', signingKey(key, scope)).update(toSign).digest('hex')
  return {
    ...headers,
    authorization: `${ALGORITHM} Credential=${key.accessKeyId}/${scope},SignedHeaders=${signed},Signature=${signature}`,
  }
}

function signingKey({ secretAccessKey }: SigningKey, scope: string): Buffer {
  const parts = scope.split('/')
  return parts.reduce<Buffer>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    Buffer.from(`AWS4${secretAccessKey}`),
  )
}

function canonicalRequest({ method, url, headers, payloadSha256 }: UnsignedRequest): string {
  const names = namesOf(headers)
  const lower = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
  return [
    method,
    url.pathname,
    canonicalQuery(url),
    ...names.map((name) => `${name}:${(lower.get(name) ?? '').trim().replaceAll(/ +/g, ' ')}`),
    '',
    names.join(';'),
    payloadSha256,
  ].join('\n')
}

function namesOf(headers: Readonly<Record<string, string>>): string[] {
  return Object.keys(headers)
    .map((name) => name.toLowerCase())
    .toSorted()
}

function canonicalQuery(url: URL): string {
  return [...url.searchParams]
    .map(([name, value]) => `${encodePart(name)}=${encodePart(value)}`)
    .toSorted()
    .join('&')
}

/** RFC 3986 with its unreserved characters only, which `encodeURIComponent` has some more of. */
export function encodePart(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
