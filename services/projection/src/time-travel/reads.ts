import { DaybookError } from '@daybook/errors'
import { journalReader, type PayloadArchive, POSITION_HEADER, type Projection } from '@daybook/eventing'
import { type FastifyReply } from 'fastify'
import { Type } from 'typebox'
import { findRecordedAt, findSeqAtInstant } from '../store/moments.ts'
import type { SegmentsKey } from '../store/state-segments.ts'
import { type History, openHistory } from './history.ts'
import type { Moment } from './moment.ts'

/** What reading the past of streams takes. */
export interface PastParts<DB> {
  projection: Projection<DB>
  archive: PayloadArchive
}

/** What was read, and how far the journal was then. */
export interface Positioned<T> {
  value: T
  position: number
}

/** Looks a stream up, and works on it in one snapshot; `missing` is thrown if it has no events. */
export async function readHistory<DB, T>(
  { projection, archive }: PastParts<DB>,
  { key, missing }: { key: SegmentsKey; missing: () => DaybookError },
  work: (history: History) => Promise<T>,
): Promise<Positioned<T>> {
  const { value } = await projection.read(key.tenant, async (trx) => {
    const history = await openHistory(trx, key, archive)
    if (history === undefined) throw missing()
    const { position } = await journalReader(trx).head()
    return { value: await work(history), position }
  })
  return value
}

/** The seq that the stream had at a moment. Code: `invalid-request` (a seq that it has not reached). */
export async function seqAt({ trx, key, extent }: History, moment: Moment): Promise<number> {
  if (moment === 'now') return extent.lastSeq
  if ('instant' in moment) return findSeqAtInstant(trx, key, { ...moment, extent })
  if (moment.seq <= extent.lastSeq) return moment.seq
  const message = `The stream ${key.stream} has ${extent.lastSeq} events, so there is no state after event ${moment.seq} yet.`
  throw new DaybookError('invalid-request', message, { details: { lastSeq: extent.lastSeq } })
}

/** The schema of a `Standpoint`. */
export const standpointMembers = {
  seq: Type.Integer({ minimum: 0, description: 'The last event that is in it; 0 is before the first' }),
  recordedAt: Type.Union([Type.String(), Type.Null()], {
    description: "When the journal recorded that event, by the journal's clock",
  }),
}

/** Of when a state is. */
export interface Standpoint {
  seq: number
  recordedAt: string | null
}

/** After which event, and when that was recorded. */
export async function standpointAt({ trx, key, extent }: History, seq: number): Promise<Standpoint> {
  return { seq, recordedAt: seq === 0 ? null : await findRecordedAt(trx, key, { seq, extent }) }
}

/** Says how far the journal was, and gives what was read. */
export function answer<T>(reply: FastifyReply, { value, position }: Positioned<T>): T {
  reply.header(POSITION_HEADER, position)
  return value
}
