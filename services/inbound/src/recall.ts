import type { JsonValue } from '@daybook/errors'
import type { CommandRequest, Projection, StateAt } from '@daybook/eventing'
import type { InboundCommand, InboundMessage, LaneState } from '@daybook/events'
import { type RawBuilder, sql, type Transaction } from 'kysely'
import { WINDOW_MAX } from './lane-decider.ts'

interface RecalledRow {
  seq: number
  hash: string
  /** What is known of a message but its payload; null where the conversation has none to be known. */
  document: Omit<InboundMessage, 'payload'> | null
  payload: JsonValue
  /** JSON's null is a payload too. */
  has_payload: boolean | null
}

/**
 * The beginning of a conversation's backlog as the read model has it, with the message that a command names, in one
 * statement; undefined where the read model's last event is not that of the journal: what was made before the journal was
 * restored is of another journal.
 */
export async function recallLane<DB>(
  projection: Projection<DB>,
  { caller: { tenant }, stream, command }: CommandRequest<InboundCommand>,
): Promise<StateAt<LaneState> | undefined> {
  const named = 'key' in command ? command.key : undefined
  const { value: rows } = await projection.read(tenant, (trx) => readRows(trx, { tenant, stream, named }))
  const [first] = rows
  if (first === undefined) return undefined
  const known = rows.flatMap(({ document, payload, has_payload: hasPayload }): InboundMessage[] =>
    document === null ? [] : [hasPayload === true ? { ...document, payload } : document],
  )
  return { state: stateOf(known, named), seq: first.seq, hash: first.hash }
}

/** Of each kind one more is read than is used: it tells that there are more. */
async function readRows<DB>(
  trx: Transaction<DB>,
  { tenant, stream, named = '' }: { tenant: string; stream: string; named: string | undefined },
): Promise<RecalledRow[]> {
  const first = (state: string): RawBuilder<unknown> => sql`
    (select document, payload, has_payload from messages
    where tenant = ${tenant} and lane = ${stream} and state = ${state}
    order by lane_order limit ${WINDOW_MAX + 1})`
  const { rows } = await sql<RecalledRow>`
    select lane.seq, encode(last.hash, 'hex') as hash, known.*
    from lanes lane
    join journal.streams stream on stream.tenant = lane.tenant and stream.stream = lane.lane
    join journal.events last
      on last.position between stream.first_position and stream.last_position
      and last.tenant = lane.tenant and last.stream = lane.lane and last.seq = lane.seq and last.id = lane.last_event_id
    left join (
      ${first('claimed')} union all ${first('pending')} union all ${first('replying')}
      union all
      select document, payload, has_payload from messages
      where tenant = ${tenant} and key = ${named} and lane = ${stream} and state = 'dead'
      union all
      select document, payload, has_payload from messages
      where tenant = ${tenant} and key = ${named} and lane = ${stream} and state in ('pending', 'replying')
    ) known on true
    where lane.tenant = ${tenant} and lane.lane = ${stream}`.execute(trx)
  return rows
}

function stateOf(known: readonly InboundMessage[], named: string | undefined): LaneState {
  const waiting = firstOf(known, ({ state }) => state === 'pending' || state === 'claimed')
  const replying = firstOf(known, ({ state }) => state === 'replying')
  const asked = known.filter(({ key }) => key === named)
  const messages = new Map([...waiting.first, ...replying.first, ...asked].map((one) => [one.key, one]))
  return {
    messages,
    ...(waiting.upTo !== undefined && { knownUpTo: waiting.upTo }),
    ...(replying.upTo !== undefined && { repliesKnownUpTo: replying.upTo }),
  }
}

/** `upTo` is the order of the last one where there are more. */
function firstOf(
  known: readonly InboundMessage[],
  isMeant: (message: InboundMessage) => boolean,
): { first: InboundMessage[]; upTo: number | undefined } {
  const byKey = new Map(known.filter(isMeant).map((message) => [message.key, message]))
  const inOrder = [...byKey.values()].toSorted((a, b) => a.order - b.order)
  const first = inOrder.slice(0, WINDOW_MAX)
  return { first, upTo: inOrder.length > first.length ? first.at(-1)?.order : undefined }
}
