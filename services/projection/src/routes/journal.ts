import type { Database } from '@daybook/database'
import {
  type HeadWatcher,
  type JournalPage,
  journalReader,
  journalRestored,
  type PageQuery,
  type PayloadArchive,
} from '@daybook/eventing'
import { journalEventSchema } from '@daybook/events'
import { sendEvents, tenantOf } from '@daybook/runtime'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Transaction } from 'kysely'
import { Type } from 'typebox'
import { decodePosition } from '../cursor.ts'
import { PAGE_BYTES_MAX } from '../store/page.ts'
import { tailEvents } from '../tail.ts'
import { ERA_HEADER, POSITION_HEADER } from './parameters.ts'

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

/**
 * Answers with a live tail: after the last event that the client saw, or after `after` (a seq, if a stream is named),
 * or from now. Codes: `invalid-cursor`; `journal-restored`: the journal ends before the event that the client saw. The
 * header Daybook-Era tells a client that comes back whether it comes back to the same journal.
 */
export async function sendTail<DB>(
  { database, head, archive }: JournalParts<DB>,
  { request, reply }: Exchange,
  { after, ...filter }: EventFilter & { after?: number },
): Promise<FastifyReply> {
  const tenant = tenantOf(request)
  const seen = lastEventId(request)
  const now = await journalReader(database.kysely).head()
  head.note(now)
  const start = startOf({ seen, after, isStream: filter.stream !== undefined }) ?? {
    afterPosition: now.position,
  }
  if ('afterPosition' in start && start.afterPosition > now.position) throw journalRestored()
  reply.header(POSITION_HEADER, now.position)
  reply.header(ERA_HEADER, now.era)
  return sendEvents(reply, (signal) =>
    tailEvents({ database, head, archive }, { filter: { tenant, ...filter }, era: now.era, start }, signal),
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
