import { Readable } from 'node:stream'
import { toProblem } from '@daybook/errors'
import type { FastifyBaseLogger, FastifyReply } from 'fastify'
import { SERVER_CLOSES, streamSignal } from './open-streams.ts'

/** One event of a stream (WHATWG HTML, "Server-sent events"). `id` and `event` are single lines. */
export interface SseFrame {
  id?: string
  event?: string
  data: string
}

export interface SseOptions {
  /** A comment is sent after this long without an event, so that proxies keep the connection. Default 15,000. */
  heartbeatMs?: number
}

/** Half of the shortest idle time-out that proxies usually have. */
const HEARTBEAT_MS = 15_000
const HEARTBEAT = ': still here\n\n'
/** Sent first: it makes the answer's headers leave before the first event does. */
const OPENING = ': open\n\n'
const CLOSE_FRAME = 'event: close\ndata: {}\n\n'

/**
 * Answers with an event stream. `source` is called with a signal that is aborted when the client goes or the server
 * closes, and must end then.
 *
 * - The source gives frames in groups, which are sent in one piece each: a busy stream is so much cheaper for everyone on
 *   the way.
 * - Memory: a group is taken from the source only when the client has room for it, so a slow reader slows the source
 *   and nothing piles up; a reader that takes nothing at all is cut off by the server's stall time-out.
 * - The server's closing is told as `event: close`; an error of the source as `event: error` with a problem object.
 *   Both end the stream; clients come back with `Last-Event-ID`.
 */
export function sendEvents(
  reply: FastifyReply,
  source: (signal: AbortSignal) => AsyncIterable<readonly SseFrame[]>,
  { heartbeatMs = HEARTBEAT_MS }: SseOptions = {},
): FastifyReply {
  const signal = streamSignal(reply)
  const frames = encodeFrames(source(signal), { signal, heartbeatMs, log: reply.log })
  return reply
    .type('text/event-stream')
    .header('cache-control', 'no-store')
    .header('x-accel-buffering', 'no')
    .send(Readable.from(frames, { objectMode: false }))
}

interface Encoding {
  signal: AbortSignal
  heartbeatMs: number
  log: FastifyBaseLogger
}

async function* encodeFrames(
  source: AsyncIterable<readonly SseFrame[]>,
  { signal, heartbeatMs, log }: Encoding,
) {
  yield OPENING
  const iterator = source[Symbol.asyncIterator]()
  let next: Promise<Step> | undefined
  try {
    while (!signal.aborted) {
      next ??= stepOf(iterator.next())
      const step = await firstOf(next, signal, heartbeatMs)
      if (step === 'idle') yield HEARTBEAT
      if (typeof step === 'string') continue
      next = undefined
      if ('error' in step) throw step.error
      if (step.done === true) return
      yield step.value.map(encode).join('')
    }
    if (signal.reason === SERVER_CLOSES) yield CLOSE_FRAME
  } catch (error) {
    log.error({ err: error }, 'event stream failed')
    yield encode({ event: 'error', data: JSON.stringify(toProblem(error)) })
  } finally {
    await endSource(iterator, next !== undefined)
  }
}

type Step = IteratorResult<readonly SseFrame[], unknown> | { error: unknown }

/** A source may fail while a heartbeat is on its way: the failure waits as a value instead of being unhandled. */
function stepOf(next: Promise<IteratorResult<readonly SseFrame[], unknown>>): Promise<Step> {
  return next.catch((error: unknown) => ({ error }))
}

/** The next step, or `idle` after `heartbeatMs` without one, or `aborted`. Leaves no timer and no listener behind. */
async function firstOf(next: Promise<Step>, signal: AbortSignal, heartbeatMs: number) {
  const other = Promise.withResolvers<'idle' | 'aborted'>()
  const onAbort = () => other.resolve('aborted')
  const timer = setTimeout(() => other.resolve('idle'), heartbeatMs)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([next, other.promise])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
  }
}

/** A source that is still waiting for its next event ends by its signal; waiting for that would keep the client. */
async function endSource(iterator: AsyncIterator<readonly SseFrame[]>, waiting: boolean): Promise<void> {
  const ended = iterator.return?.().catch(() => undefined)
  if (!waiting) await ended
}

function encode({ id, event, data }: SseFrame): string {
  const head = [
    ...(id === undefined ? [] : [`id: ${id}`]),
    ...(event === undefined ? [] : [`event: ${event}`]),
  ]
  const lines = data.split(/\r\n|\r|\n/).map((line) => `data: ${line}`)
  return `${[...head, ...lines].join('\n')}\n\n`
}
