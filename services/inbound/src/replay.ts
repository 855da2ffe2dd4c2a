import { setTimeout as delay } from 'node:timers/promises'
import type { Clock, Database } from '@daybook/database'
import type { Author } from '@daybook/eventing'
import type { InboundMessage } from '@daybook/events'
import type { LaneCommands } from './commands.ts'
import { countDueHeads, type DueHead, FIRST_PLACE, readDueHeads } from './due-heads.ts'
import type { Offers } from './offers.ts'

export interface ReplayParts<DB> {
  readonly database: Database<DB>
  readonly commands: Pick<LaneCommands, 'execute'>
  readonly offers: Pick<Offers, 'offer'>
  readonly clock: Clock
}

export interface ReplayWish {
  /** Only tell what would be taken up. */
  readonly dryRun?: boolean
  /** Messages per second; as fast as it goes unless told. */
  readonly rate?: number
  readonly source?: string
}

/** A message that was taken up: it was pending, or its lease had run out. */
interface Replayed {
  readonly key: string
  readonly lane: string
  readonly state: InboundMessage['state']
  readonly was: InboundMessage['state']
}

export interface ReplayAnswer {
  readonly messages: Replayed[]
  /** All that were due; of more than are listed, the others are taken up by the next call. */
  readonly total: number
}

const LISTED_MAX = 1_000
/** Less than the gateway waits for an answer. */
const WORK_MS_MAX = 10_000

/**
 * Takes up at once what the sweeper would take up in time: settles leases that ran out, and offers what is due, the oldest
 * first. Of each conversation it is the first message: the others wait for it.
 */
export async function replay<DB>(
  parts: ReplayParts<DB>,
  author: Author,
  { dryRun = false, rate, source }: ReplayWish,
): Promise<ReplayAnswer> {
  const endMs = performance.now() + WORK_MS_MAX
  const until = await parts.clock.now()
  const query = { work: 'messages' as const, until, tenant: author.tenant, source }
  const total = await countDueHeads(parts.database, query)
  const heads = await readDueHeads(parts.database, { ...query, after: FIRST_PLACE, limit: LISTED_MAX })
  const messages: Replayed[] = []
  for (const head of heads) {
    if (performance.now() > endMs) break
    if (dryRun) messages.push({ key: head.key, lane: head.lane, state: head.state, was: head.state })
    else {
      messages.push(await takeUp(parts, author, head))
      if (rate !== undefined) await delay(1_000 / rate)
    }
  }
  return { messages, total }
}

async function takeUp<DB>(
  { commands, offers }: ReplayParts<DB>,
  author: Author,
  head: DueHead,
): Promise<Replayed> {
  const { key, lane, state: was } = head
  const { state, receipts } = await commands.execute({ author, lane, wish: { name: 'expire' } })
  // What died is let go by the conversation's state.
  const now = state.messages.get(key)?.state ?? 'dead'
  // What was settled is offered as every change is.
  if (now === 'pending' && receipts.length === 0) offers.offer(head)
  return { key, lane, state: now, was }
}
