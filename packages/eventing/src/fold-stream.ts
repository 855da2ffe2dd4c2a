import { type Draft, type JournalEvent, type Receipt, upcastEvent } from '@daybook/events'
import type { CommandRequest, Decider, StateAt } from './decider.ts'
import type { StreamReader } from './stream-reader.ts'

/** An event of a page has 256 KiB at most; both bounds keep what is in memory at once small. */
const EVENTS_PER_PAGE = 1_000
const PAGE_BYTES_MAX = 8 * 1024 * 1024

/** Pages may be read at different moments: what was in the stream stays, so together they are its state at the last. */
export async function foldOn<State, Command>(
  read: StreamReader,
  { evolve }: Decider<State, Command>,
  { caller: { tenant }, stream }: CommandRequest<Command>,
  from: StateAt<State>,
): Promise<StateAt<State>> {
  let { state, seq, hash } = from
  for (let more = true; more; ) {
    const query = { tenant, stream, after: seq, limit: EVENTS_PER_PAGE, bytesMax: PAGE_BYTES_MAX }
    const page = await read(query)
    for (const event of page.events) {
      state = evolve(state, upcastEvent(event))
      seq = event.seq
      hash = event.hash
    }
    more = page.more
  }
  return hash === undefined ? { state, seq } : { state, seq, hash }
}

/**
 * The state after events whose receipts tell all that is not in their drafts: nothing can have come between, or they would
 * not have been accepted. Undefined where the event before them is not known well enough.
 */
export function foldOwn<State, Command>(
  { evolve }: Decider<State, Command>,
  { caller: { tenant, actor }, stream }: Pick<CommandRequest<Command>, 'caller' | 'stream'>,
  found: StateAt<State>,
  { drafts, receipts }: { drafts: readonly Draft[]; receipts: readonly Receipt[] },
): StateAt<State> | undefined {
  let { state, seq, hash } = found
  for (const [index, receipt] of receipts.entries()) {
    const made = drafts[index]
    if (receipt.stream !== stream) continue
    if (made === undefined || hash === undefined || receipt.duplicate || receipt.seq !== seq + 1)
      return undefined
    const { duplicate: _duplicate, ...committed } = receipt
    const event: JournalEvent = {
      ...made,
      ...committed,
      tenant,
      actor: made.actor ?? actor,
      occurredAt: made.occurredAt ?? receipt.recordedAt,
      prev: hash,
    }
    state = evolve(state, upcastEvent(event))
    seq = receipt.seq
    hash = receipt.hash
  }
  return hash === undefined ? { state, seq } : { state, seq, hash }
}
