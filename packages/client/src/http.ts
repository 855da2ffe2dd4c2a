import { DaybookError, fromProblem } from '@daybook/errors'
import { connectionError } from './connection-error.ts'
import { parseAnswer } from './parse-answer.ts'

export type QueryValue = string | number | boolean | readonly string[] | undefined

export interface HttpRequest {
  readonly path: string
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Members that are undefined are left out; a list is joined with commas. */
  readonly query?: Readonly<Record<string, QueryValue>>
  readonly body?: string | Uint8Array
  readonly headers?: Readonly<Record<string, string>>
  /** The whole exchange, with the reading of the answer. */
  readonly timeoutMs?: number
  /** Ends the exchange before that; a request that was sent may have had its effect. */
  readonly signal?: AbortSignal
  /** Statuses of 400 and above whose body is an answer and not a problem. */
  readonly accepts?: readonly number[]
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: unknown
}

/** The gateway as this process reaches it. Every failure is a DaybookError. */
export interface Http {
  readJson(request: HttpRequest): Promise<Answer>
  readBytes(request: HttpRequest): Promise<Uint8Array<ArrayBuffer>>
  /** The answer with its body unread, for as long as `signal` lets it; only the wait for the head is bounded by `timeoutMs`. */
  openStream(request: HttpRequest, signal: AbortSignal): Promise<Response>
}

export interface HttpOptions {
  readonly url: string
  /** Sent with every request as `Authorization: Bearer …` (RFC 6750). */
  readonly token?: string
  readonly timeoutMs: number
}

/** Throws `invalid-usage` when the URL is not one of http or https. Opens no connection. */
export function openHttp(options: HttpOptions): Http {
  const base = parseBase(options.url)
  const send = async (request: HttpRequest, signal: AbortSignal): Promise<Response> => {
    const url = urlOf(base, request)
    const headers = {
      ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
      ...request.headers,
    }
    const init = { method: request.method ?? 'GET', headers, signal, ...bodyOf(request) }
    const response = await fetch(url, init).catch((cause: unknown) =>
      Promise.reject(connectionError(cause, request.method, url)),
    )
    if (response.ok || request.accepts?.includes(response.status) === true) return response
    throw await problemOf(response, url)
  }
  const exchange = async <T>(request: HttpRequest, read: (response: Response) => Promise<T>): Promise<T> => {
    const inTime = AbortSignal.timeout(Math.ceil(request.timeoutMs ?? options.timeoutMs))
    const signal = request.signal === undefined ? inTime : AbortSignal.any([inTime, request.signal])
    const response = await send(request, signal)
    return await read(response).catch((cause: unknown) =>
      Promise.reject(connectionError(cause, request.method, base)),
    )
  }
  return {
    readJson: (request) => exchange(request, readAnswer),
    readBytes: (request) =>
      exchange(request, async (response) => new Uint8Array(await response.arrayBuffer())),
    openStream: (request, signal) =>
      openWithin({ send, request, signal, timeoutMs: request.timeoutMs ?? options.timeoutMs }),
  }
}

interface Opening {
  readonly send: (request: HttpRequest, signal: AbortSignal) => Promise<Response>
  readonly request: HttpRequest
  readonly signal: AbortSignal
  readonly timeoutMs: number
}

async function openWithin({ send, request, signal, timeoutMs }: Opening): Promise<Response> {
  const head = new AbortController()
  const timer = setTimeout(() => head.abort(new DOMException('no answer', 'TimeoutError')), timeoutMs)
  try {
    return await send(request, AbortSignal.any([signal, head.signal]))
  } finally {
    clearTimeout(timer)
  }
}

function parseBase(url: string): URL {
  const base = URL.canParse(url) ? new URL(url) : undefined
  if (base?.protocol !== 'http:' && base?.protocol !== 'https:') {
    throw new DaybookError(
      'invalid-usage',
      'The URL of the gateway must begin with http:// or https://, as in http://127.0.0.1:7400.',
    )
  }
  if (!base.pathname.endsWith('/')) base.pathname += '/'
  return base
}

function urlOf(base: URL, request: HttpRequest): URL {
  const url = new URL(request.path.replace(/^\//, ''), base)
  for (const [name, value] of Object.entries(request.query ?? {})) {
    if (value === undefined) continue
    url.searchParams.set(name, typeof value === 'object' ? value.join(',') : String(value))
  }
  return url
}

function bodyOf(request: HttpRequest): Pick<RequestInit, 'body'> {
  if (request.body === undefined) return {}
  // A copy only where the bytes lie in memory that `fetch` may not take (a SharedArrayBuffer).
  return { body: typeof request.body === 'string' ? request.body : new Uint8Array(request.body) }
}

async function readAnswer(response: Response): Promise<Answer> {
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: parseAnswer(text, new URL(response.url).origin),
  }
}

async function problemOf(response: Response, url: URL): Promise<DaybookError> {
  const text = await response.text().catch(() => '')
  if (response.headers.get('content-type')?.includes('json') === true) {
    return fromProblem(parseAnswer(text, url.origin))
  }
  // Something between us and the gateway answered: a proxy, or quite another server.
  const code = response.status >= 502 && response.status <= 504 ? 'unavailable' : 'internal'
  return new DaybookError(
    code,
    `${url.origin} answered ${response.status} and no problem object. Check that it is a Daybook gateway.`,
  )
}
