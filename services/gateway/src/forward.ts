import type { ClientRequest, IncomingMessage } from 'node:http'
import { PassThrough, type Readable } from 'node:stream'
import { DaybookError } from '@daybook/errors'
import { assertCaller, CALLER_HEADER, callerOf, REQUEST_ID_HEADER, streamSignal } from '@daybook/runtime'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { endToEndHeaders, withoutIdentity } from './headers.ts'
import type { Upstream } from './upstreams.ts'

/** So much later than it is known, at most, an event stream ends whose token was revoked or has expired. */
const RECHECK_MS = 2_000
/** A service without a byte for so long is gone: its event streams send a heartbeat every 15 s. */
const STALL_TIMEOUT_MS = 60_000

export interface ForwardOptions {
  upstream: Upstream
  /** 0 for requests that have none. */
  bodyBytesMax: number
  /** For the answer to begin, once the whole request has been passed on. */
  timeoutMs: number
  /** Of a request whose caller is known: the service is told who it is. Without it, the service is told of nobody. */
  vouching?: {
    /** By which the service believes whose request it is. */
    callerKey: string
    /** Whether the caller who was let in would still be. */
    isStillKnown: (request: FastifyRequest) => Promise<boolean>
  }
}

/**
 * Passes a request on to a service and its answer back, both as they flow: neither is read, and neither is kept.
 *
 * F1. When the client goes, the request to the service is ended, whatever state it is in.
 * F2. A request that may have reached the service has an unknown outcome when its answer fails to come (`timeout`,
 *     "repeat it with the same ids"), except for reads, which can fail (`unavailable`).
 * F3. A body over the limit is refused (`payload-too-large`), and the service sees a request that breaks off.
 * F4. What a caller says about itself goes no further: the service learns from the gateway who it is, and never sees
 *     the token. Of who came in without one, it learns nothing.
 * F5. An event stream lasts no longer than the token it was opened with.
 */
export async function forward(
  request: FastifyRequest,
  reply: FastifyReply,
  options: ForwardOptions,
): Promise<FastifyReply> {
  const outgoing = openRequest(request, options)
  const client = { gone: false }
  reply.raw.once('close', () => {
    client.gone = true
    outgoing.destroy() // F1
    // The rest of a body that nobody wants is read away, so that the connection can be used again.
    request.raw.unpipe(outgoing).resume()
  })
  try {
    const response = await exchange(request, outgoing, options)
    const { vouching } = options
    // Only where nothing was vouched for is it the caller's own fault.
    if (response.statusCode === 401 && vouching !== undefined) throw notBelieved(options.upstream.name)
    return reply
      .code(response.statusCode ?? 502)
      .headers(endToEndHeaders(response.headers))
      .send(bodyOf(response, reply, async () => vouching === undefined || vouching.isStillKnown(request)))
  } catch (error) {
    outgoing.destroy()
    if (!client.gone) throw error
    // There is nobody to answer.
    return reply.hijack()
  }
}

function openRequest(
  request: FastifyRequest,
  { upstream, bodyBytesMax, vouching }: ForwardOptions,
): ClientRequest {
  const headers = withoutIdentity(endToEndHeaders(request.headers)) // F4
  if (bodyBytesMax === 0) delete headers['content-length']
  return upstream.request(request.raw.url ?? '/', {
    method: request.method,
    headers: {
      ...headers,
      ...(vouching && { [CALLER_HEADER]: assertCaller(vouching.callerKey, callerOf(request)) }),
      [REQUEST_ID_HEADER]: request.id,
    },
  })
}

/** Sends the body and waits for the head of the answer, which may come before all of the body is sent. */
async function exchange(
  request: FastifyRequest,
  outgoing: ClientRequest,
  { upstream, bodyBytesMax, timeoutMs }: ForwardOptions,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const isRead = request.method === 'GET'
  const timer = setTimeout(() => reject(noAnswer(upstream.name, isRead)), timeoutMs)
  // The service can answer only what it has got; until then the client's own time-out counts.
  const restartTimer = () => timer.refresh()
  outgoing.once('finish', restartTimer)
  const isConnected = watchConnection(outgoing)
  outgoing.on('error', (cause) => {
    const isUnknown = isConnected() && !isRead // F2
    reject(isUnknown ? noAnswer(upstream.name, isRead, cause) : unavailable(upstream.name, cause))
  })
  outgoing.once('response', resolve)
  outgoing.setTimeout(STALL_TIMEOUT_MS, () => outgoing.destroy(new Error('stalled')))
  if (bodyBytesMax === 0) outgoing.end()
  else sendBody(request.raw, outgoing, { bytesMax: bodyBytesMax, onTooLarge: reject })
  try {
    return await promise
  } finally {
    outgoing.off('finish', restartTimer)
    clearTimeout(timer)
  }
}

/** Without a connection nothing can have reached the service. */
function watchConnection(outgoing: ClientRequest): () => boolean {
  let isConnected = false
  outgoing.once('socket', (socket) => {
    isConnected = !socket.connecting
    // A kept-alive socket connects no more: a listener on it would stay, and one more with each request.
    if (isConnected) return
    socket.once('connect', () => {
      isConnected = true
    })
  })
  return () => isConnected
}

interface BodyLimit {
  bytesMax: number
  onTooLarge: (error: DaybookError) => void
}

function sendBody(body: IncomingMessage, outgoing: ClientRequest, { bytesMax, onTooLarge }: BodyLimit): void {
  const refuse = () =>
    onTooLarge(new DaybookError('payload-too-large', `Send at most ${bytesMax} bytes in one request.`))
  if (Number(body.headers['content-length'] ?? 0) > bytesMax) {
    refuse()
    return
  }
  let bytes = 0
  body.on('data', (chunk: Buffer) => {
    bytes += chunk.byteLength
    if (bytes <= bytesMax) return
    body.unpipe(outgoing) // F3
    refuse()
  })
  body.pipe(outgoing)
}

/** An event stream lasts until somebody ends it, so it is also ended by the closing of the gateway. */
function bodyOf(
  response: IncomingMessage,
  reply: FastifyReply,
  isStillKnown: () => Promise<boolean>,
): Readable {
  if (response.headers['content-type']?.startsWith('text/event-stream') !== true) return response
  const events = new PassThrough()
  const signal = streamSignal(reply)
  response.on('error', (error) => {
    if (!signal.aborted) events.destroy(error)
  })
  response.pipe(events)
  const end = () => {
    clearInterval(timer)
    // Clients drop an event that is cut in two by the end of the stream, as the standard asks.
    events.end()
    response.unpipe(events).destroy()
  }
  // F5. Whoever comes again with another token goes on where this one ended.
  const timer = setInterval(() => void isStillKnown().then((is) => is || end()), RECHECK_MS)
  events.once('close', () => clearInterval(timer))
  signal.addEventListener('abort', end)
  return events
}

/** The caller cannot mend it, and did nothing wrong. */
function notBelieved(upstream: string): DaybookError {
  return new DaybookError(
    'unavailable',
    `The service ${upstream} does not believe the gateway: both need the same CALLER_KEY, and clocks that agree.`,
    { cause: new Error('the service answered 401') },
  )
}

function unavailable(upstream: string, cause: Error): DaybookError {
  return new DaybookError('unavailable', `The service ${upstream} cannot be reached. Try again soon.`, {
    cause,
  })
}

function noAnswer(upstream: string, isRead: boolean, cause?: Error): DaybookError {
  const advice = isRead ? 'Ask again.' : 'The outcome is unknown: repeat the request with the same ids.'
  return new DaybookError('timeout', `No answer came from the service ${upstream}. ${advice}`, { cause })
}
