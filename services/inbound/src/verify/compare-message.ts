import { asJson, type Difference, firstDifference } from '@daybook/eventing'
import { blankErased, isFinished, payloadHashOf } from '@daybook/events'
import { columnsOf } from '../messages/columns.ts'
import type { StoredMessage } from '../store/verify.ts'
import type { FreshMessage } from './fold-lane.ts'

/** What of a stored message is not as the fresh fold of its events has it. */
export function compareMessage(
  fresh: FreshMessage | undefined,
  stored: StoredMessage,
  isErased: (seq: number) => boolean,
): Difference | undefined {
  if (fresh === undefined) return { path: '', expected: null, stored: asJson(stored.document) }
  const { document } = stored
  if (fresh.seqs.some(isErased)) return compareErased(fresh, stored, isErased)
  const payload = stored.has_payload ? payloadHashOf(stored.payload) : undefined
  // The payload of a finished message may have been evicted.
  const isEvicted = payload === undefined && isFinished(document)
  return firstDifference(
    asJson({ ...expectedOf(fresh), payload: isEvicted ? null : (fresh.payload ?? null) }),
    asJson({ message: document, columns: stored.columns, payload: payload ?? null }),
  )
}

function expectedOf({ message }: FreshMessage) {
  const { source, account, conversation, messageId, state, order, receivedAt, updatedAt } = message
  const { attempts, duplicates } = message
  const repeated = { source, account, conversation, messageId, state, order, receivedAt, updatedAt }
  return { message, columns: { ...repeated, attempts, duplicates, ...columnsOf(message) } }
}

/**
 * What an erased event said, whoever applied it before knows and whoever folds it now does not. So it is compared that the
 * same events were applied, and that nothing is left of what is erased.
 */
function compareErased(
  { message }: FreshMessage,
  { document, has_payload: hasPayload }: StoredMessage,
  isErased: (seq: number) => boolean,
): Difference | undefined {
  const { key, receivedSeq, receivedAt, lastSeq } = message
  return firstDifference(
    asJson({
      message: { ...blankErased(document, isErased), key, receivedSeq, receivedAt, lastSeq },
      hasPayload: hasPayload && !isErased(receivedSeq),
    }),
    asJson({ message: document, hasPayload }),
  )
}
