import { DaybookError, fromProblem } from '@daybook/errors'
import type { JournalEvent } from '@daybook/events'
import { isRecord, toJournalEvent } from './answers.ts'
import { backoffMs, pause } from './backoff.ts'
import type { Http, QueryValue } from './http.ts'
import { parseAnswer } from './parse-answer.ts'
import { createSseParser, type SseFrame } from './sse.ts'

export interface TailOptions {
  /** Ends the iteration, without an error. */
  readonly signal?: AbortSignal
  /** Told each time the connection is lost, before it is made again. */
  readonly onReconnect?: (cause: DaybookError, delayMs: number) => void
  /** Told every few seconds while this reader is far behind the journal, since it takes events more slowly than they come. */
  readonly onBehind?: (behind: Behind) => void
}

/** Where a reader is, and where the journal is: both are positions. */
interface Behind {
  readonly position: number
  readonly head: number
}

/** What to tail: a path that answers with SSE, and how to say "from here on". */
export interface TailSource {
  readonly path: string
  readonly query: Readonly<Record<string, QueryValue>>
  readonly after: number
  /** The cursor an event stands for: its position in the journal, or its seq in a stream. */
  cursorOf(event: JournalEvent): number
  /** Whether SSE ids are cursors of this source, so that `Last-Event-ID` may name one. */
  readonly sendsLastEventId: boolean
}

/**
 * The server sends a comment every 15 s. After three that did not come the connection is dead, though the operating
 * system may not know it for hours.
 */
const silenceMsMax = 45_000

/** What one connection tells the next. */
interface Progress {
  after: number
  /** Connections lost since the last event. */
  losses: number
  /** No answer has ever come: failing is then better than waiting for a server that may not exist. */
  answered: boolean
  /** Of the journal as the first answer told it. */
  era: string | undefined
}

/**
 * The events of a source as they are committed, each once and in order, over as many connections as it takes.
 *
 * T1. Pull: the connection is read only while the consumer waits for an event, so a slow consumer slows the server, and nothing piles up here.
 * T2. After a loss it goes on behind the last event that was handed out, never behind one that only arrived.
 * T3. A journal that was restored from a backup is another one: it does not go on there (`journal-restored`).
 * T4. It ends when the signal says so, and fails when the first connection fails or the server refuses the request.
 */
export async function* tail(
  http: Http,
  source: TailSource,
  options: TailOptions,
): AsyncGenerator<JournalEvent, void, undefined> {
  const progress: Progress = { after: source.after, losses: 0, answered: false, era: undefined }
  const stopped = (): boolean => options.signal?.aborted === true
  while (!stopped()) {
    try {
      yield* readConnection(http, source, { progress, ...options })
    } catch (error) {
      if (stopped()) return
      const cause = asLoss(error)
      if (cause.retry === 'never' || !progress.answered) throw cause // T4
      progress.losses += 1
      const delayMs = backoffMs(progress.losses)
      options.onReconnect?.(cause, delayMs)
      await pause(delayMs, options.signal)
    }
  }
}

async function* readConnection(
  http: Http,
  source: TailSource,
  { progress, signal, onBehind }: TailOptions & { progress: Progress },
): AsyncGenerator<JournalEvent, void, undefined> {
  const hangUp = new AbortController()
  const both = signal === undefined ? hangUp.signal : AbortSignal.any([signal, hangUp.signal])
  try {
    const response = await http.openStream(requestOf(source, progress), both)
    requireSameEra(response, progress) // T3
    progress.answered = true
    for await (const frame of framesOf(response, hangUp)) {
      if (frame.event === 'error') throw problemIn(frame.data)
      if (frame.event === 'behind') {
        onBehind?.(toBehind(frame.data))
        continue
      }
      if (frame.event === 'close') break
      const event = toJournalEvent(frame.data)
      const cursor = source.cursorOf(event)
      if (cursor <= progress.after) continue // a server that repeats itself must not make us do so
      yield event
      progress.after = cursor // T2
      progress.losses = 0
    }
    throw new DaybookError('unavailable', 'The live tail was closed by the server.')
  } finally {
    hangUp.abort()
  }
}

function requestOf(source: TailSource, progress: Progress): Parameters<Http['openStream']>[0] {
  const resumes = source.sendsLastEventId && progress.after > source.after
  return {
    path: source.path,
    query: { ...source.query, after: progress.after },
    headers: { accept: 'text/event-stream', ...(resumes ? { 'last-event-id': String(progress.after) } : {}) },
  }
}

/** The frames of one answer. `hangUp` is aborted when the server falls silent. */
export async function* framesOf(response: Response, hangUp: AbortController): AsyncGenerator<SseFrame> {
  if (
    response.headers.get('content-type')?.startsWith('text/event-stream') !== true ||
    response.body === null
  ) {
    throw new DaybookError(
      'invalid-usage',
      'The server does not answer with a live tail. Check that the URL is that of a Daybook gateway.',
    )
  }
  const parser = createSseParser()
  const reader = response.body.getReader()
  for (;;) {
    const { done, value } = await readOrHangUp(reader, hangUp)
    if (done) return
    yield* parser.push(value)
  }
}

/** The silence is measured only while we wait (T1): a consumer that takes its time is not a dead server. */
async function readOrHangUp(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  hangUp: AbortController,
): Promise<{ done: false; value: Uint8Array } | { done: true; value?: Uint8Array | undefined }> {
  const timer = setTimeout(
    () => hangUp.abort(new DaybookError('unavailable', 'The live tail fell silent.')),
    silenceMsMax,
  )
  try {
    return await reader.read()
  } finally {
    clearTimeout(timer)
  }
}

/** What a connection ended with, as one that may be made again. */
export function asLoss(error: unknown): DaybookError {
  if (error instanceof DaybookError) return error
  return new DaybookError('unavailable', 'The connection of the live tail was lost.', { cause: error })
}

function toBehind(data: string): Behind {
  const value = parseAnswer(data, 'The live tail')
  if (isBehind(value)) return value
  throw new DaybookError('internal', 'The live tail did not say how far it is behind. This is a defect.')
}

function isBehind(value: unknown): value is Behind {
  return isRecord(value) && typeof value['position'] === 'number' && typeof value['head'] === 'number'
}

/** The server's last word: why its tail ends. */
export function problemIn(data: string): DaybookError {
  return fromProblem(parseAnswer(data, 'The live tail'))
}

function requireSameEra(response: Response, progress: Progress): void {
  const era = response.headers.get('daybook-era') ?? undefined
  progress.era ??= era
  if (era === progress.era) return
  throw new DaybookError(
    'journal-restored',
    'The journal was restored from a backup while the tail was away: what it has shown may not be in it. Read again from the beginning.',
  )
}
