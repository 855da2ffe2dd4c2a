import {
  asJson,
  type Difference,
  type FoldBounds,
  type FoundDifference,
  findMissingStream,
  firstDifference,
  journalReader,
  type PayloadArchive,
  type RowsVerification,
} from '@daybook/eventing'
import { type InboundMessage, isFinished, placeOfLane } from '@daybook/events'
import type { Transaction } from 'kysely'
import { columnsOf } from '../messages/columns.ts'
import {
  findStrayMessage,
  findWrongTotal,
  listStoredLanes,
  listStoredMessages,
  type StoredLane,
} from '../store/verify.ts'
import { compareMessage } from './compare-message.ts'
import { type FreshLane, foldLaneAfresh } from './fold-lane.ts'

const MESSAGES_PER_PAGE = 500
const LANE_ROWS = { kind: 'inbound', table: 'lanes', column: 'lane', holds: 'name' } as const
const PREFIX = 'inbound/'

/** How conversations and their messages are compared with a fresh fold of the journal; see `verifyRows`. */
export function messagesVerification<DB>(archive: PayloadArchive): RowsVerification<DB, StoredLane> {
  return {
    kind: 'inbound',
    none: { lanes: 0, messages: 0, events: 0 },
    list: (trx, { after, ...query }) => listStoredLanes(trx, { ...query, after: `${PREFIX}${after}` }),
    idOf: ({ lane }) => lane.slice(PREFIX.length),
    async compare(trx, stored, bounds) {
      const { lane } = stored
      const fold = await foldLaneAfresh(journalReader(trx, archive), { lane, ...bounds })
      const counts = { lanes: 1, messages: fold.messages.size, events: fold.events }
      const difference = await compareLane(trx, fold, { tenant: bounds.tenant, stored })
      return { counts, difference: difference && { ...difference, where: { lane, ...difference.where } } }
    },
    compareWhole,
  }
}

async function compareLane<DB>(
  trx: Transaction<DB>,
  fold: FreshLane,
  { tenant, stored: { lane, columns } }: { tenant: string; stored: StoredLane },
): Promise<FoundDifference | undefined> {
  const heads = new Heads()
  const missing = new Map(fold.messages)
  for (let after = ''; ; ) {
    const page = await listStoredMessages(trx, { tenant, lane, after, limit: MESSAGES_PER_PAGE })
    for (const row of page) {
      const difference = compareMessage(missing.get(row.key), row, fold.isErased)
      if (difference !== undefined) return { where: { key: row.key }, ...difference }
      missing.delete(row.key)
      heads.add(row.document)
    }
    const last = page.at(-1)
    if (last === undefined) break
    after = last.key
  }
  const { seq, lastEventId } = fold
  const expected = { ...placeOfLane(lane), seq, lastEventId, ...heads.columns() }
  return findMissing(missing, fold) ?? withoutKey(firstDifference(asJson(expected), asJson(columns)))
}

function withoutKey(difference: Difference | undefined): FoundDifference | undefined {
  return difference && { where: {}, ...difference }
}

/** Rows of messages that are finished go in time. What an erased message is now, its events do not tell. */
function findMissing(missing: FreshLane['messages'], { isErased }: FreshLane): FoundDifference | undefined {
  for (const [key, { message, seqs }] of missing) {
    if (isFinished(message) || seqs.some(isErased)) continue
    return { where: { key }, path: '', expected: asJson(message), stored: null }
  }
  return undefined
}

/** Whose turn it is, among messages in any order. */
class Heads {
  #head: InboundMessage | undefined
  #replying: InboundMessage | undefined

  add(message: InboundMessage): void {
    const { dueAt, replyOrder } = columnsOf(message)
    if (dueAt !== null && message.order < (this.#head?.order ?? Number.POSITIVE_INFINITY))
      this.#head = message
    const first = this.#replying && columnsOf(this.#replying).replyOrder
    if (replyOrder !== null && replyOrder < (first ?? Number.POSITIVE_INFINITY)) this.#replying = message
  }

  columns(): StoredLane['columns'] {
    const [head, replying] = [this.#head, this.#replying]
    const reply = replying && columnsOf(replying)
    return {
      headKey: head?.key ?? null,
      headOrder: head?.order ?? null,
      headDueAt: (head && columnsOf(head).dueAt) ?? null,
      replyKey: replying?.key ?? null,
      replyNumber: reply?.replyNumber ?? null,
      replyOrder: reply?.replyOrder ?? null,
      replyDueAt: reply?.replyDueAt ?? null,
    }
  }
}

/** What no comparison of one conversation finds: those without a row, messages without one, and wrong totals. */
async function compareWhole<DB>(
  trx: Transaction<DB>,
  { tenant, position }: Omit<FoldBounds, 'seqMax'>,
): Promise<FoundDifference | undefined> {
  const missing = await findMissingStream(trx, { tenant, position, ...LANE_ROWS })
  if (missing !== undefined) {
    const expected = 'a conversation of the journal'
    return { where: { lane: `${PREFIX}${missing}` }, path: '', expected, stored: null }
  }
  const stray = await findStrayMessage(trx, tenant)
  if (stray !== undefined) {
    const stored = 'a message of a conversation that has no row'
    return { where: { key: stray }, path: '', expected: null, stored }
  }
  const wrong = await findWrongTotal(trx, tenant)
  if (wrong === undefined) return undefined
  const { expected, stored, ...where } = wrong
  return { where, path: '/total', expected, stored }
}
