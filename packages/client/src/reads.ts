import { DaybookError } from '@daybook/errors'
import { type JournalEvent, parseStream, type Upcast, type UpcastEvent } from '@daybook/events'
import { type Page, positionOf, toEventsPage } from './answers.ts'
import type { Daybook, EventFilter, StreamFilter, StreamTailOptions, SubscribeOptions } from './daybook.ts'
import type { EventOf } from './event-types.ts'
import type { Http, HttpRequest, QueryValue } from './http.ts'
import { everyPage } from './pages.ts'
import { tail } from './tail.ts'

type Reads<Events extends object> = Pick<
  Daybook<Events>,
  'events' | 'eventsPage' | 'recentEvents' | 'subscribe' | 'stream' | 'streamPage' | 'follow'
>

/** The journal and its streams, read over HTTP: in pages, or live. */
export function openReads<Events extends object>(http: Http, upcast: Upcast): Reads<Events> {
  const readPage = async <T extends string>(
    request: HttpRequest,
    { types }: Asked<T>,
  ): Promise<Page<EventOf<T, Events>, number>> => {
    const page = toEventsPage(await http.readJson(request))
    return { ...page, items: page.items.map((event) => asAsked<T, Events>(upcast(event), types)) }
  }
  async function* each<T extends string>(events: AsyncIterable<JournalEvent>, { types }: Asked<T>) {
    for await (const event of events) yield asAsked<T, Events>(upcast(event), types)
  }
  const eventsPage = <T extends string>(filter: EventFilter<T> = {}) =>
    readPage({ path: '/v1/events', query: { ...filter } }, filter)
  const streamPage = <T extends string>(name: string, filter: StreamFilter<T> = {}) =>
    readPage({ path: streamPath(name), query: { ...filter } }, filter)
  return {
    eventsPage,
    streamPage,
    recentEvents: async (limit) =>
      toEventsPage(await http.readJson({ path: '/v1/events/recent', query: { limit } })).items,
    events: (filter = {}) => everyPage((after: number | undefined) => eventsPage(continued(filter, after))),
    stream: (name, filter = {}) =>
      everyPage((after: number | undefined) => streamPage(name, continued(filter, after))),
    subscribe: (options = {}) => each(subscribe(http, options), options),
    follow: (name, options = {}) => each(follow(http, name, options), options),
  }
}

interface Asked<T extends string> {
  readonly types?: readonly T[]
}

/**
 * Where types were asked for, the compiler is told that an event is of one of them; so this is made sure of here. That its
 * data is what the type says, the journal has checked when it was appended.
 */
function asAsked<T extends string, Events extends object>(
  event: UpcastEvent,
  types: readonly T[] | undefined,
): EventOf<T, Events>
function asAsked(event: UpcastEvent, types: readonly string[] | undefined): UpcastEvent {
  if (types === undefined || types.includes(event.type)) return event
  throw new DaybookError(
    'internal',
    `The server sent a ${event.type}, which was not asked for. Check that it is a Daybook gateway of this version.`,
  )
}

function continued<Filter extends { readonly after?: number }>(
  filter: Filter,
  after: number | undefined,
): Filter {
  return after === undefined ? filter : { ...filter, after }
}

/** A stream's id is one segment of the path, whatever it holds. */
function streamPath(name: string): string {
  const { kind, id } = parseStream(name)
  return `/v1/streams/${kind}/${encodeURIComponent(id)}/events`
}

/** The journal as it grows, each event as it was recorded. */
export async function* subscribe(
  http: Http,
  options: SubscribeOptions,
): AsyncGenerator<JournalEvent, void, undefined> {
  const { after = 0, kinds, types, streams, actors, ...rest } = options
  const from = after === 'now' ? await headPosition(http) : after
  const query: Record<string, QueryValue> = { kinds, types, streams, actors }
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
  const { after = 0, types, actors, ...rest } = options
  // SSE ids are positions, but a stream is followed by seq: the cursor goes into the query each time.
  const source = {
    path: streamPath(name),
    query: { types, actors },
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
