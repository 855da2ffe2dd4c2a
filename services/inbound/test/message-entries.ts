import type { JsonObject, JsonValue } from '@daybook/events'
import { laneOf, messageKeyOf, payloadHashOf } from '@daybook/events'
import type { Entry } from '../../../packages/eventing/test/journal-fixture.ts'

/** A conversation, and when what is said of it was recorded. */
export interface Place {
  source: string
  account: string
  conversation: string
  tenant?: string
  recordedAt?: string
}

export const PLACE: Place = { source: 'telegram', account: 'support', conversation: '42' }
const CLAIM_ID = 'claim-1'

export function keyIn(messageId: string, { source, account, conversation }: Place = PLACE): string {
  return messageKeyOf({ source, account, conversation, messageId })
}

/** An event about a message, as the inbound service appends it. */
export function about(messageId: string, type: string, data: JsonObject = {}, place: Place = PLACE): Entry {
  const key = keyIn(messageId, place)
  const { tenant, recordedAt } = place
  return {
    stream: laneOf(place),
    type,
    data: { key, ...data },
    correlationId: key,
    ...(tenant !== undefined && { tenant }),
    ...(recordedAt !== undefined && { recordedAt }),
  }
}

export function received(
  messageId: string,
  payload: JsonValue = { text: messageId },
  place: Place = PLACE,
): Entry {
  const { source, account, conversation } = place
  const sent = { source, account, conversation, messageId, payload, payloadHash: payloadHashOf(payload) }
  return about(messageId, 'INBOUND_RECEIVED', sent, place)
}

export function claimed(messageId: string, place: Place = PLACE): Entry {
  const lease = { worker: 'w1', claimId: CLAIM_ID, leaseMs: 300_000, attempt: 1 }
  return about(messageId, 'INBOUND_CLAIMED', lease, place)
}

export function failed(messageId: string, retryAfterMs = 1_000, place: Place = PLACE): Entry {
  const error = { class: 'timeout', message: 'too slow', retryable: true }
  return about(messageId, 'INBOUND_FAILED', { token: 1, attempt: 1, error, retryAfterMs }, place)
}

export function completed(messageId: string, replies = 0, place: Place = PLACE): Entry {
  return about(messageId, 'INBOUND_COMPLETED', { token: 1, result: { done: messageId }, replies }, place)
}

export function dead(messageId: string, place: Place = PLACE): Entry {
  return about(messageId, 'INBOUND_DEAD', { reason: 'attempts' }, place)
}

export function duplicated(messageId: string, place: Place = PLACE): Entry {
  return about(messageId, 'INBOUND_DUPLICATED', {}, place)
}

export function queued(messageId: string, reply: number, payload: JsonValue, place: Place = PLACE): Entry {
  return about(
    messageId,
    'OUTBOUND_QUEUED',
    { reply, payload, idempotencyKey: `${messageId}-${reply}` },
    place,
  )
}

export function sent(messageId: string, reply: number, place: Place = PLACE): Entry {
  return about(messageId, 'OUTBOUND_SENT', { reply, token: 1, receipt: { id: reply } }, place)
}

/** That payloads of the conversation were erased: those of these seqs. */
export function erased(seqs: readonly number[], place: Place = PLACE): Entry {
  const ranges = seqs.map((seq) => ({ first: seq, last: seq }))
  return {
    stream: laneOf(place),
    type: 'INBOUND_PAYLOADS_ERASED',
    data: { erasureId: '01K00000000000000000ERASE0', ranges },
  }
}
