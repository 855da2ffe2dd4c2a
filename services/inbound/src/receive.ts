import { DaybookError, type JsonValue } from '@daybook/errors'
import type { Appender, Author } from '@daybook/eventing'
import {
  createUlids,
  type Draft,
  draft,
  laneOf,
  type MessageIdentity,
  messageKeyOf,
  payloadHashOf,
  type Receipt,
} from '@daybook/events'
import type { LaneCommands } from './commands.ts'
import type { Earlier } from './earlier.ts'
import type { InboundMetrics } from './observe.ts'
import type { Overload } from './overload.ts'

/** What a platform delivered. */
export interface IncomingMessage extends MessageIdentity {
  readonly payload: JsonValue
  /** When it was sent, ISO 8601. */
  readonly eventTime?: string
}

/** What became of a delivery. Only `accepted` is new; all others have been received before. */
export type Received =
  | { readonly outcome: 'accepted'; readonly key: string; readonly position: number }
  | { readonly outcome: 'duplicate-pending'; readonly key: string }
  | { readonly outcome: 'duplicate-in-progress'; readonly key: string; readonly retryAfterMs: number }
  | { readonly outcome: 'duplicate-done'; readonly key: string; readonly result?: JsonValue }
  | { readonly outcome: 'conflict'; readonly key: string; readonly state: string }
  | { readonly outcome: 'dead'; readonly key: string; readonly reason: string }

/**
 * Takes a message in. Answers after the commit. Codes: `invalid-request` for a message without an id; `overloaded` when
 * its source has as many unfinished messages as it may; `payload-too-large` and the others of an append.
 */
export type Receive = (author: Author, message: IncomingMessage) => Promise<Received>

export interface ReceiveParts {
  readonly append: Appender
  readonly commands: LaneCommands
  readonly earlier: Earlier
  readonly overload: Overload
  readonly metrics: InboundMetrics
}

/** A delivery with what follows from it. */
export interface Delivered {
  readonly author: Author
  readonly key: string
  readonly lane: string
  readonly payloadHash: string
  readonly message: IncomingMessage
}

/**
 * R1 The journal decides whether a message is new: its key is unique in its conversation. There is no read before, and no
 *    moment at which two instances could both take it.
 * R2 A repetition is put on record like everything else, and changes nothing.
 */
export function receiver(parts: ReceiveParts): Receive {
  const nextUlid = createUlids()
  const accept = async (delivered: Delivered): Promise<Received> => {
    const { author, key, lane, payloadHash } = delivered
    // Seen before by this instance: there is no need to ask whether it is new.
    if (parts.commands.remembered(author, { lane, key })?.payloadHash === payloadHash)
      return parts.earlier.answer(delivered, 0)
    const isKnown = () => parts.earlier.has(delivered)
    const { source } = delivered.message
    const admission = await parts.overload.admit({ tenant: author.tenant, source, isKnown })
    const made = receivedDraft(delivered, nextUlid())
    const receipt = await parts.commands.receiving(author, lane, async () => {
      const first = await appendOne(parts.append, author, made)
      // Who had it first is the journal's word: an attempt of this very append, whose answer was lost, has its own id.
      if (first?.id === made.id)
        parts.commands.note(author, { draft: made, receipt: { ...first, duplicate: false } })
      return first
    })
    if (receipt === undefined || receipt.id !== made.id)
      return parts.earlier.answer(delivered, receipt?.position)
    admission.accepted(receipt.position)
    parts.earlier.note(delivered, receipt.seq)
    return { outcome: 'accepted', key, position: receipt.position }
  }
  return async (author, message) => {
    const key = messageKeyOf(message)
    const delivered = {
      author,
      message,
      key,
      lane: laneOf(message),
      payloadHash: payloadHashOf(message.payload),
    }
    const received = await accept(delivered)
    parts.metrics.received(message.source, received.outcome)
    return received
  }
}

function receivedDraft({ author, key, lane, payloadHash, message }: Delivered, id: string): Draft {
  const { source, account, conversation, messageId, payload, eventTime } = message
  const sent = eventTime === undefined ? {} : { eventTime }
  const data = { key, source, account, conversation, messageId, payload, payloadHash, ...sent }
  return draft({
    id,
    stream: lane,
    type: 'INBOUND_RECEIVED',
    key: `message:${key}`,
    correlationId: key,
    actor: author.actor,
    data,
  })
}

/** Undefined where the key belongs to another body. */
async function appendOne(append: Appender, author: Author, made: Draft): Promise<Receipt | undefined> {
  try {
    const [receipt] = (await append({ events: [made] }, author)).receipts
    if (receipt === undefined) throw new DaybookError('internal', 'The journal answered without a receipt.')
    return receipt
  } catch (error) {
    if (error instanceof DaybookError && error.code === 'key-reused') return undefined
    throw error
  }
}
