import type { InboundMessage, InboundReply } from '@daybook/events'
import type { MessageState } from './message-states.ts'

/** What is counted of messages, for each source and account: what their rows come to. */
export type TotalName =
  | InboundMessage['state']
  | 'payloads'
  | 'attempts'
  | 'duplicates'
  | 'conflicts'
  | `reply-${InboundReply['state']}`

/** By how much a total grows. */
interface Change {
  readonly tenant: string
  readonly source: string
  readonly account: string
  readonly name: TotalName
  readonly by: number
}

export type Changes = readonly Change[]

/** The totals are those of the messages that there are, so what changes of a message is what it counts after and before. */
export function changesOf(
  before: ReadonlyMap<string, MessageState>,
  after: ReadonlyMap<string, MessageState>,
): Changes {
  const sums = new Map<string, Change>()
  for (const [name, state] of after) {
    count(sums, state, 1)
    const earlier = before.get(name)
    if (earlier !== undefined) count(sums, earlier, -1)
  }
  return [...sums.values()].filter(({ by }) => by !== 0)
}

/** Of messages whose rows go. */
export function changesWithout(states: Iterable<MessageState>): Changes {
  const sums = new Map<string, Change>()
  for (const state of states) count(sums, state, -1)
  return [...sums.values()]
}

function count(sums: Map<string, Change>, { tenant, message, hasPayload }: MessageState, sign: 1 | -1): void {
  const { source, account } = message
  const add = (name: TotalName, by: number): void => {
    if (by === 0) return
    const id = `${tenant} ${source} ${account} ${name}`
    sums.set(id, { tenant, source, account, name, by: (sums.get(id)?.by ?? 0) + sign * by })
  }
  add(message.state, 1)
  add('payloads', hasPayload ? 1 : 0)
  add('attempts', message.attempts)
  add('duplicates', message.duplicates)
  add('conflicts', message.conflictsTotal)
  for (const { state } of message.replies) add(`reply-${state}`, 1)
}
