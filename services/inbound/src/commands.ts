import type { Clock, Database } from '@daybook/database'
import type { JsonValue } from '@daybook/errors'
import {
  type Appender,
  type Author,
  decideLoop,
  type Executed,
  foldOwn,
  type PayloadArchive,
  type Projection,
  type RememberedStates,
  rememberStates,
  type StateAt,
  streamReader,
  streamTurns,
} from '@daybook/eventing'
import {
  type Draft,
  emptyLane,
  FIRST_PREV,
  type InboundCommand,
  type InboundLimits,
  type InboundMessage,
  type LaneState,
  placeOfLane,
  type Receipt,
} from '@daybook/events'
import { laneDecider } from './lane-decider.ts'
import { recallLane } from './recall.ts'

export interface CommandParts<DB> {
  readonly database: Database<DB>
  /** The read model of inbound messages. */
  readonly projection: Projection<DB>
  readonly archive: PayloadArchive
  readonly append: Appender
  readonly clock: Clock
  readonly limitsOf: (source: string) => InboundLimits
  /** Told of each conversation that this instance has changed, up to which of its events. */
  readonly onChanged: (changed: ChangedLane) => void
}

export interface ChangedLane {
  readonly tenant: string
  readonly lane: string
  readonly seq: number
  readonly position: number
  /** By the journal's clock. */
  readonly at: string
  /** After the change, where it is known without asking. */
  readonly state?: LaneState | undefined
}

type WithoutCircumstances<Command> = Command extends unknown
  ? Omit<Command, 'now' | 'limits' | 'chance'>
  : never

/** A command without what the service adds to it. */
export type LaneWish = WithoutCircumstances<InboundCommand>

/** What somebody wants of one conversation. */
interface LaneRequest {
  readonly author: Author
  readonly lane: string
  readonly wish: LaneWish
}

/** What became of it, and the moment at which it was decided. */
export interface LaneOutcome extends Executed<LaneState> {
  readonly command: InboundCommand
}

export interface LaneCommands {
  /** Codes: those of `decideInbound` and of `decideLoop`. */
  execute(request: LaneRequest): Promise<LaneOutcome>
  /** Appends what no command has to decide, in turn with the commands on the conversation. */
  receiving<T>(author: Author, lane: string, append: () => Promise<T>): Promise<T>
  /**
   * Tells of an event that was appended without a command, so that the next command need not read it. Answers the state after
   * it, where that is known.
   */
  note(author: Author, made: { draft: Draft; receipt: Receipt }): LaneState | undefined
  /** A message as it was when this instance last had to do with its conversation; it may be finished by now. */
  remembered(author: Author, name: { lane: string; key: string }): InboundMessage | undefined
  /** After the journal was restored, what is remembered is of another one. */
  forgetAll(): void
}

/** Some 100,000 small messages, or a few hundred of the largest kind. */
const REMEMBERED_BYTES_MAX = 64 * 1024 * 1024
/** Of a message without its payload. */
const MESSAGE_BYTES = 1_024
const START: StateAt<LaneState> = { state: emptyLane, seq: 0, hash: FIRST_PREV }

/**
 * Carries out commands on conversations. What this instance did last it remembers, so that a conversation at which one
 * instance works costs one append for each command; what others did is found in the read model and in the journal.
 */
export function laneCommands<DB>(parts: CommandParts<DB>): LaneCommands {
  const read = streamReader(parts.database, parts.archive)
  const remembered = rememberStates<LaneState>({ weightMax: REMEMBERED_BYTES_MAX, weigh: weigher() })
  const recall = (request: Parameters<typeof recallLane<DB>>[1]) => recallLane(parts.projection, request)
  const loop = { read, append: parts.append, recall, remembered }
  const turns = streamTurns()
  const decide = decideLoop<LaneState, InboundCommand>(loop, (command) =>
    laneDecider('key' in command ? command.key : undefined),
  )
  const carryOut = async ({ author: caller, lane, wish }: LaneRequest): Promise<LaneOutcome> => {
    const source = placeOfLane(lane)?.source ?? ''
    const circumstances = {
      now: await parts.clock.now(),
      limits: parts.limitsOf(source),
      chance: Math.random(),
    }
    const command: InboundCommand = { ...wish, ...circumstances }
    const done = await decide({ caller, stream: lane, command })
    const last = done.receipts.at(-1)
    if (last !== undefined) {
      const { seq, position, recordedAt: at } = last
      parts.onChanged({ tenant: caller.tenant, lane, seq, position, at, state: done.state })
    }
    return { ...done, command }
  }
  return {
    execute: (request) => turns.alone(nameOf(request.author, request.lane), () => carryOut(request)),
    receiving: (author, lane, append) => turns.shared(nameOf(author, lane), append),
    note(author, { draft, receipt }) {
      const state = noteReceived(remembered, author, { draft, receipt })
      const { stream: lane, seq, position, recordedAt: at } = receipt
      parts.onChanged({ tenant: author.tenant, lane, seq, position, at, state })
      return state
    },
    remembered: ({ tenant }, { lane, key }) => remembered.get(tenant, lane)?.state.messages.get(key),
    forgetAll: () => remembered.forgetAll(),
  }
}

/** What is remembered of a conversation goes on with what came next; what is behind is left behind. */
function noteReceived(
  remembered: RememberedStates<LaneState>,
  caller: Author,
  { draft, receipt }: { draft: Draft; receipt: Receipt },
): LaneState | undefined {
  const { tenant } = caller
  const { stream, seq } = receipt
  const before = seq === 1 ? START : remembered.get(tenant, stream)
  if (before === undefined || before.seq !== seq - 1) return undefined
  const decider = laneDecider(undefined)
  const after = foldOwn(decider, { caller, stream }, before, { drafts: [draft], receipts: [receipt] })
  if (after !== undefined) remembered.set(tenant, stream, after)
  return after?.state
}

/** By the length of what people and programs said, which is measured once: a message that changes keeps it. */
function weigher(): (state: LaneState) => number {
  const measured = new WeakMap<object, number>()
  const lengthOf = (value: JsonValue | undefined): number => {
    if (typeof value !== 'object' || value === null) return typeof value === 'string' ? value.length : 0
    const length = measured.get(value) ?? JSON.stringify(value).length
    measured.set(value, length)
    return length
  }
  return ({ messages }) => {
    let bytes = MESSAGE_BYTES
    for (const { payload, result, conflicts, replies, failures } of messages.values()) {
      bytes += MESSAGE_BYTES + lengthOf(payload) + lengthOf(result)
      for (const { error } of [...failures, ...replies.flatMap((reply) => reply.failures)])
        bytes += error?.message.length ?? 0
      for (const conflict of conflicts) bytes += MESSAGE_BYTES + lengthOf(conflict.payload)
      for (const reply of replies) bytes += MESSAGE_BYTES + lengthOf(reply.payload) + lengthOf(reply.receipt)
    }
    return bytes
  }
}

function nameOf({ tenant }: Author, lane: string): string {
  return `${tenant} ${lane}`
}
