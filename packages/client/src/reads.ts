import { DaybookError } from '@daybook/errors'
import { type JournalEvent, parseStream } from '@daybook/events'
import { type Page, positionOf, toEventsPage } from './answers.ts'
import type { Daybook, EventFilter, StreamFilter, StreamTailOptions, SubscribeOptions } from './daybook.ts'
import type { Http, HttpRequest, QueryValue } from './http.ts'
import { everyPage } from './pages.ts'
import { tail } from './tail.ts'

/** The journal and its streams, read over HTTP: in pages, or live. */
export function openReads(
  http: Http,
): Pick<Daybook, 'events' | 'eventsPage' | 'subscribe' | 'stream' | 'streamPage' | 'follow'> {
  const eventsPage = (filter: EventFilter = {}): Promise<Page<JournalEvent, number>> =>
    readPage(http, { path: '/v1/events', query: { ...filter } })
  const streamPage = (name: string, filter: StreamFilter = {}): Promise<Page<JournalEvent, number>> =>
    readPage(http, { path: streamPath(name), query: { ...filter } })
  return {
    eventsPage,
    streamPage,
    events: (filter = {}) => everyPage((after: number | undefined) => eventsPage(continued(filter, after))),
    stream: (name, filter = {}) =>
      everyPage((after: number | undefined) => streamPage(name, continued(filter, after))),
    subscribe: (options = {}) => subscribe(http, options),
    follow: (name, options = {}) => follow(http, name, options),
  }
}

function continued<Filter extends { readonly after?: number }>(
  filter: Filter,
  after: number | undefined,
): Filter {
  return after === undefined ? filter : { ...filter, after }
}

async function readPage(http: Http, request: HttpRequest): Promise<Page<JournalEvent, number>> {
  return toEventsPage(await http.readJson(request))
}

/** A stream's id is one segment of the path, whatever it holds. */
function streamPath(name: string): string {
  const { kind, id } = parseStream(name)
  return `/v1/streams/${kind}/${encodeURIComponent(id)}/events`
}

async function* subscribe(
  http: Http,
  options: SubscribeOptions,
): AsyncGenerator<JournalEvent, void, undefined> {
  const { after = 0, kinds, types, ...rest } = options
  const from = after === 'now' ? await headPosition(http) : after
  const query: Record<string, QueryValue> = { kinds, types }
  const source = {
    path: '/v1/events',
    query,
    after: from,
    cursorOf: (event: JournalEvent) => event.position,
    sendsLastEventId: true,
  }
  yield* tail(http, source, rest)
}

async function* follow(
  http: Http,
  name: string,
  options: StreamTailOptions,
): AsyncGenerator<JournalEvent, void, undefined> {
  const { after = 0, types, ...rest } = options
  // SSE ids are positions, but a stream is followed by seq: the cursor goes into the query each time.
  const source = {
    path: streamPath(name),
    query: { types },
    after,
    cursorOf: (event: JournalEvent) => event.seq,
    sendsLastEventId: false,
  }
  yield* tail(http, source, rest)
}

async function headPosition(http: Http): Promise<number> {
  const position = positionOf(await http.readJson({ path: '/v1/events', query: { limit: 1 } }))
  if (position !== undefined) return position
  throw new DaybookError(
    'internal',
    'The gateway did not say at which position the journal is. Check that it is a Daybook gateway of this version.',
  )
}
