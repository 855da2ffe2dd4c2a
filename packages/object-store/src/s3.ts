import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { DaybookError } from '@daybook/errors'
import { requireName } from './name.ts'
import type { ObjectStore, PutOptions } from './object-store.ts'
import { encodePart, type SigningKey, sha256Hex, signRequest } from './signature.ts'

/** A bucket of an S3-compatible service, and the key to it. */
export interface S3Options extends SigningKey {
  readonly bucket: string
  /** In front of every name; empty, or folders that end with `/`. */
  readonly prefix: string
  /** `https://host[:port]`; the bucket is put into the path. By default AWS' own for the region. */
  readonly endpoint?: string
  /** For one request with its answer. */
  readonly timeoutMs?: number
}

/** A bundle has some megabytes; a service that takes longer than this for one is not well. */
const TIMEOUT_MS = 60_000
/** With pauses of 0.2 and 0.8 s in between: over a dropped connection or a busy moment, not over an outage. */
const ATTEMPTS_MAX = 3
const PAUSE_MS = 200
/** An answer that says what is wrong has a short text. */
const DETAIL_MAX = 300

interface S3Request {
  method: 'GET' | 'PUT' | 'DELETE'
  name: string
  body?: Uint8Array
  headers?: Record<string, string>
}

/** Files in a bucket. Errors say the service's own code, never the credentials. */
export function s3Store(options: S3Options): ObjectStore {
  const location = `s3://${options.bucket}/${options.prefix}`
  const send = (request: S3Request): Promise<Response> =>
    withRetry(() => sendOnce(options, request), location)
  return {
    location,
    async put(name, content, putOptions = {}) {
      const response = await send({
        method: 'PUT',
        name,
        body: content,
        headers: putHeaders(content, putOptions),
      })
      await requireOk(response, location, name)
    },
    async get(name) {
      const response = await send({ method: 'GET', name })
      if (response.status === 404) return undefined
      await requireOk(response, location, name)
      return Buffer.from(await response.arrayBuffer())
    },
    async remove(name) {
      const response = await send({ method: 'DELETE', name })
      if (response.status !== 404) await requireOk(response, location, name)
    },
  }
}

function putHeaders(
  content: Uint8Array,
  { mediaType = 'application/octet-stream', lockedUntil }: PutOptions,
): Record<string, string> {
  const lock = lockedUntil && {
    'x-amz-object-lock-mode': 'COMPLIANCE',
    'x-amz-object-lock-retain-until-date': lockedUntil.toISOString(),
    // The service takes a lock only together with this.
    'content-md5': createHash('md5').update(content).digest('base64'),
  }
  return { 'content-type': mediaType, ...lock }
}

async function sendOnce(
  options: S3Options,
  { method, name, body, headers = {} }: S3Request,
): Promise<Response> {
  requireName(name)
  const { bucket, prefix, region } = options
  const endpoint = options.endpoint ?? `https://s3.${region}.amazonaws.com`
  const url = new URL(
    `${endpoint.replace(/\/$/, '')}/${[bucket, `${prefix}${name}`].map(encodePath).join('/')}`,
  )
  const payloadSha256 = sha256Hex(body ?? '')
  const signed = signRequest({ method, url, headers, payloadSha256 }, options, new Date())
  // `fetch` writes the host itself, from the URL that was signed.
  const { host: _host, ...sent } = signed
  return fetch(url, {
    method,
    headers: sent,
    redirect: 'error',
    signal: AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS),
    ...(body !== undefined && { body: new Uint8Array(body) }),
  })
}

function encodePath(text: string): string {
  return text.split('/').map(encodePart).join('/')
}

/** All three verbs may be repeated. Only what a repetition can mend is: a broken connection, a server's own fault. */
async function withRetry(send: () => Promise<Response>, location: string): Promise<Response> {
  for (let attempt = 1; ; attempt += 1) {
    const result = await send().catch((error: unknown) => {
      if (error instanceof DaybookError) throw error
      return error
    })
    const isResponse = result instanceof Response
    if (isResponse && result.status < 500 && result.status !== 429) return result
    if (attempt === ATTEMPTS_MAX) {
      if (isResponse) return result
      throw new DaybookError('unavailable', `${location} cannot be reached.`, { cause: result })
    }
    if (isResponse) await result.body?.cancel()
    await delay(PAUSE_MS * 4 ** (attempt - 1))
  }
}

async function requireOk(response: Response, location: string, name: string): Promise<void> {
  if (response.ok) return
  const text = await response.text().catch(() => '')
  const code = /<Code>([A-Za-z0-9]+)<\/Code>/.exec(text)?.[1]
  const detail = code ?? text.slice(0, DETAIL_MAX)
  throw new DaybookError('unavailable', `${location} answered ${response.status} for ${name}: ${detail}.`)
}
