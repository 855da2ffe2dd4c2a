import type { Clock } from '@daybook/database'
import { DaybookError, type JsonValue } from '@daybook/errors'
import type { Appender, StreamReader } from '@daybook/eventing'
import { completeDraft, createUlids, type Draft, type InboundMessage, type LaneState } from '@daybook/events'
import type { LaneCommands } from './commands.ts'
import type { FoundMessage, Messages } from './find-message.ts'
import type { Delivered, Received } from './receive.ts'

export interface EarlierParts {
  readonly append: Appender
  readonly commands: Pick<LaneCommands, 'note' | 'receiving'>
  readonly messages: Messages
  readonly read: StreamReader
  readonly clock: Clock
}

/** What is known of a delivery that is not the first one of its message. */
export interface Earlier {
  /** Whether it has been received before, as far as that is known here. */
  has(delivered: Delivered): Promise<boolean>
  /**
   * Puts it on record and answers what became of the first one; `first` is where that is in the journal, 0 if it is not known,
   * and undefined if its body may be another one.
   */
  answer(delivered: Delivered, first: number | undefined): Promise<Received>
  /** Tells of a first one. */
  note(delivered: Delivered, seq: number): void
}

/** Whoever asks again at once meets the same lease. */
const RETRY_AFTER_MS_MIN = 1_000

/**
 * A repetition is told from another body by its hash. The message may have been settled so long ago that the read model has
 * let it go: its key is in the journal for ever, and so is what became of it.
 */
export function earlierDeliveries(parts: EarlierParts): Earlier {
  const record = recorder(parts)
  const recordDuplicate = (delivered: Delivered) =>
    record(delivered, { type: 'INBOUND_DUPLICATED', data: { key: delivered.key } })
  const recordConflict = async (delivered: Delivered): Promise<boolean> => {
    const { key, payloadHash } = delivered
    const { payload, eventTime } = delivered.message
    const data = { key, payload, payloadHash, ...(eventTime !== undefined && { eventTime }) }
    const { isNew } = await record(delivered, {
      type: 'INBOUND_CONFLICTED',
      key: `conflict:${key}:${payloadHash}`,
      data,
    })
    // The same other body again is a repetition of that one.
    if (!isNew) await recordDuplicate(delivered)
    return isNew
  }
  const answerSame = async (delivered: Delivered, first: number): Promise<Received> => {
    const { author, key } = delivered
    const { after, at } = await recordDuplicate(delivered)
    const message = after?.messages.get(key)
    // Nothing came between what is remembered and the event: it is what became of the message.
    if (message !== undefined && at !== undefined) return answerOf(message, at)
    const found = await find(() => parts.messages.getAt({ tenant: author.tenant, key }, first))
    if (found === undefined) return longDone(parts.read, delivered)
    return answerOf(found.message, await parts.clock.now())
  }
  return {
    has: async ({ author: { tenant }, key }) =>
      (await find(() => parts.messages.get({ tenant, key }))) !== undefined,
    note: ({ author: { tenant }, key, lane }) => parts.messages.note({ tenant, key }, lane),
    async answer(delivered, first) {
      if (first !== undefined) return answerSame(delivered, first)
      const { author, key, payloadHash } = delivered
      const found = await find(() => parts.messages.get({ tenant: author.tenant, key }))
      if (found === undefined) return longDone(parts.read, delivered)
      const { message } = found
      if (message.payloadHash === payloadHash) return answerSame(delivered, 0)
      if (await recordConflict(delivered)) return { outcome: 'conflict', key, state: message.state }
      return answerOf(message, await parts.clock.now())
    },
  }
}

type Event = Omit<Draft, 'id' | 'stream' | 'v'>

/** Puts an event about a delivery on record, in turn with whatever else happens in its conversation. */
function recorder({ append, commands }: Pick<EarlierParts, 'append' | 'commands'>) {
  const nextUlid = createUlids()
  return ({ author, key, lane }: Delivered, event: Event): Promise<Recorded> => {
    const named = { id: nextUlid(), stream: lane, correlationId: key, actor: author.actor }
    const made = completeDraft({ ...named, ...event })
    return commands.receiving(author, lane, async () => {
      const [receipt] = (await append({ events: [made] }, author)).receipts
      if (receipt?.id !== made.id) return { isNew: false }
      const after = commands.note(author, { draft: made, receipt: { ...receipt, duplicate: false } })
      return { isNew: true, after, at: receipt.recordedAt }
    })
  }
}

/** What was put on record, and the conversation after it, where that is known. */
interface Recorded {
  readonly isNew: boolean
  readonly after?: LaneState | undefined
  readonly at?: string
}

async function find(look: () => Promise<FoundMessage>): Promise<FoundMessage | undefined> {
  try {
    return await look()
  } catch (error) {
    if (error instanceof DaybookError && error.code === 'not-found') return undefined
    throw error
  }
}

function answerOf(message: Omit<InboundMessage, 'payload'>, now: string): Received {
  const { key, state, lease, death } = message
  switch (state) {
    case 'pending':
      return { outcome: 'duplicate-pending', key }
    case 'claimed': {
      const leftMs = lease === undefined ? 0 : Date.parse(lease.until) - Date.parse(now)
      return { outcome: 'duplicate-in-progress', key, retryAfterMs: Math.max(RETRY_AFTER_MS_MIN, leftMs) }
    }
    case 'dead':
      return { outcome: 'dead', key, reason: death?.reason ?? 'attempts' }
    case 'replying':
    case 'completed':
    case 'dismissed':
      return { outcome: 'duplicate-done', key, ...resultOf(message.result) }
    default:
      return state satisfies never
  }
}

function resultOf(result: JsonValue | undefined): { result?: JsonValue } {
  return result === undefined ? {} : { result }
}

const PAGE_EVENTS = 200
const PAGE_BYTES_MAX = 4 * 1024 * 1024
/** A conversation may be long, and a platform waits for its answer: what is not found in so much is left out of it. */
const PAGES_MAX = 20

/** The read model has let it go, so it is finished. */
async function longDone(read: StreamReader, { author, key, lane }: Delivered): Promise<Received> {
  let after = 0
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const { events, more } = await read({
      tenant: author.tenant,
      stream: lane,
      after,
      limit: PAGE_EVENTS,
      bytesMax: PAGE_BYTES_MAX,
      types: ['INBOUND_COMPLETED'],
    })
    const completed = events.find(({ correlationId }) => correlationId === key)
    if (completed !== undefined)
      return { outcome: 'duplicate-done', key, ...resultOf(completed.data['result']) }
    const last = events.at(-1)
    if (!more || last === undefined) break
    after = last.seq
  }
  return { outcome: 'duplicate-done', key }
}
