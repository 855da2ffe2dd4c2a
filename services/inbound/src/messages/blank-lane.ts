import { evolveMessage, inboundErasureOf, type JournalEvent } from '@daybook/events'
import type { QueryExecutorProvider } from 'kysely'
import { listStates, removePayloads, saveMessages } from '../store/messages.ts'
import { addToTotals } from '../store/totals.ts'
import { type MessageState, nameOf } from './message-states.ts'
import { changesOf } from './totals.ts'

/** A conversation may have any number of messages; so many are in memory at once. */
const MESSAGES_PER_PAGE = 500

/**
 * Takes out of the messages of a conversation what the notice names, whatever state they are in. Does nothing for an event
 * that is no such notice. Doing it twice is doing it once.
 */
export async function blankLane(trx: QueryExecutorProvider, notice: JournalEvent): Promise<void> {
  if (inboundErasureOf(notice) === undefined) return
  const { tenant, stream: lane } = notice
  for (let after = ''; ; ) {
    const before = await listStates(trx, { tenant, lane, after, limit: MESSAGES_PER_PAGE })
    const last = before.at(-1)
    if (last === undefined) return
    await saveBlanked(trx, before, notice)
    after = last.message.key
  }
}

async function saveBlanked(
  trx: QueryExecutorProvider,
  before: readonly MessageState[],
  notice: JournalEvent,
): Promise<void> {
  const after = before.map((state) => blanked(state, notice))
  const emptied = after.filter(({ hasPayload }, index) => !hasPayload && before[index]?.hasPayload === true)
  await saveMessages(trx, after)
  await removePayloads(
    trx,
    emptied.map(({ tenant, message: { key } }) => ({ tenant, key })),
  )
  await addToTotals(trx, changesOf(byName(before), byName(after)))
}

function blanked(state: MessageState, notice: JournalEvent): MessageState {
  const isErased = inboundErasureOf(notice)?.isErased(state.message.receivedSeq) === true
  const message = evolveMessage(state.message, notice) ?? state.message
  return { ...state, message, hasPayload: state.hasPayload && !isErased }
}

function byName(states: readonly MessageState[]): Map<string, MessageState> {
  return new Map(states.map((state) => [nameOf(state.tenant, state.message.key), state]))
}
