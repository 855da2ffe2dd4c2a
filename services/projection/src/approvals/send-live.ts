import { journalReader, journalRestored } from '@daybook/eventing'
import { type SseFrame, sendEvents, tenantOf } from '@daybook/runtime'
import type { FastifyReply } from 'fastify'
import { decodePosition } from '../cursor.ts'
import type { Exchange, JournalParts } from '../routes/journal.ts'
import { ERA_HEADER, POSITION_HEADER } from '../routes/parameters.ts'
import type { Since } from './live.ts'

/**
 * Answers live: after the last change that the client saw, or after `after`, or from now. Codes: `invalid-cursor`;
 * `journal-restored`: the journal ends before what the client saw.
 */
export async function sendLive<DB>(
  { database, head }: JournalParts<DB>,
  { request, reply, after }: Exchange & { after?: number | undefined },
  source: (since: Since, signal: AbortSignal) => AsyncIterable<readonly SseFrame[]>,
): Promise<FastifyReply> {
  const { 'last-event-id': seen } = request.headers
  const now = await journalReader(database.kysely).head()
  head.note(now)
  const afterSeen = typeof seen === 'string' && seen !== '' ? decodePosition(seen) : undefined
  const afterPosition = afterSeen ?? after ?? now.position
  if (afterPosition > now.position) throw journalRestored()
  reply.header(POSITION_HEADER, now.position)
  reply.header(ERA_HEADER, now.era)
  const since = { tenant: tenantOf(request), era: now.era, afterPosition }
  return sendEvents(reply, (signal) => source(since, signal))
}
