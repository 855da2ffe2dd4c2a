import type { Database } from '@daybook/database'
import {
  type HeadWatcher,
  type JournalPage,
  journalReader,
  journalRestored,
  PAGE_BYTES_MAX,
  type PageQuery,
  type PayloadArchive,
  POSITION_HEADER,
} from '@daybook/eventing'
import { journalEventSchema } from '@daybook/events'
import { type SseFrame, sendEvents, tenantOf } from '@daybook/runtime'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Transaction } from 'kysely'
import { Type } from 'typebox'
import { decodePosition } from '../cursor.ts'
import { type TailQuery, tailEvents } from '../tail.ts'
import { ERA_HEADER } from './parameters.ts'

/** What reading the journal takes. */
export interface JournalParts<DB> {
  database: Database<DB>
  head: HeadWatcher
  archive: PayloadArchive
}

export interface Exchange {
  request: FastifyRequest
  reply: FastifyReply
}

/** Which events a request asks for. */
export interface EventFilter {
  stream?: string
  kinds?: string[]
  types?: string[]
  streams?: string[]
  actors?: string[]
}

export const pageSchema = Type.Object(
  {
    events: Type.Array(journalEventSchema),
    next: Type.Union([Type.Integer(), Type.Null()], {
      description: 'The `after` of the following page; null at the end.',
    }),
  },
  {
    description:
      'With Accept: text/event-stream a live tail instead: id is the position, event the type, data the event. An event named `behind`, without an id, tells a reader that cannot keep up where it is (position) and where the journal is (head).',
  },
)

/** Whether the client asks for events as they come rather than for a page. */
export function wantsTail(request: FastifyRequest): boolean {
  return request.headers.accept?.includes('text/event-stream') === true
}

/** Reads a page for the tenant of the request in one snapshot, whose head is the position of the answer. */
export async function readJournal<DB>(
  { database, archive }: JournalParts<DB>,
  { request, reply }: Exchange,
  work: (readPage: (query: PageQuery) => Promise<JournalPage>, trx: Transaction<DB>) => Promise<JournalPage>,
): Promise<JournalPage> {
  const tenant = tenantOf(request)
  return database.asTenant(tenant, async (trx) => {
    const journal = journalReader(trx, archive)
    reply.header(POSITION_HEADER, (await journal.head()).position)
    return work((query) => journal.readPage({ bytesMax: PAGE_BYTES_MAX, ...query, tenant }), trx)
  })
}

/** From where in which journal a live answer begins. */
export interface Since {
  tenant: string
  era: number
  start: TailQuery['start']
}

/** What a live answer sends. */
type LiveSource = (since: Since, signal: AbortSignal) => AsyncIterable<readonly SseFrame[]>

/**
 * Answers live: after the last event that the client saw, or after `after` (a seq, if it is about one stream), or from
 * now. Codes: `invalid-cursor`; `journal-restored`: the journal ends before the event that the client saw. The header
 * Daybook-Era tells a client that comes back whether it comes back to the same journal.
 */
export async function sendLive<DB>(
  { database, head }: JournalParts<DB>,
  { request, reply }: Exchange,
  { after, isStream = false }: { after?: number | undefined; isStream?: boolean },
  source: LiveSource,
): Promise<FastifyReply> {
  const seen = lastEventId(request)
  const now = await journalReader(database.kysely).head()
  head.note(now)
  const start = startOf({ seen, after, isStream }) ?? { afterPosition: now.position }
  if ('afterPosition' in start && start.afterPosition > now.position) throw journalRestored()
  reply.header(POSITION_HEADER, now.position)
  reply.header(ERA_HEADER, now.era)
  const since = { tenant: tenantOf(request), era: now.era, start }
  return sendEvents(reply, (signal) => source(since, signal))
}

/** Answers with a live tail; see `sendLive`. */
export async function sendTail<DB>(
  parts: JournalParts<DB>,
  exchange: Exchange,
  { after, ...filter }: EventFilter & { after?: number },
): Promise<FastifyReply> {
  const isStream = filter.stream !== undefined
  return sendLive(parts, exchange, { after, isStream }, ({ tenant, era, start }, signal) =>
    tailEvents(parts, { filter: { tenant, ...filter }, era, start }, signal),
  )
}

/** Where a client that comes back was. It counts more than the query, which such a client sends unchanged. */
function lastEventId(request: FastifyRequest): number | undefined {
  const id = request.headers['last-event-id']
  return typeof id === 'string' && id !== '' ? decodePosition(id) : undefined
}

interface Start {
  seen: number | undefined
  after: number | undefined
  isStream: boolean
}

function startOf({
  seen,
  after,
  isStream,
}: Start): { afterPosition: number } | { afterSeq: number } | undefined {
  if (seen !== undefined) return { afterPosition: seen }
  if (after === undefined) return undefined
  return isStream ? { afterSeq: after } : { afterPosition: after }
}
