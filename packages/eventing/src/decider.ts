import { DaybookError } from '@daybook/errors'
import {
  createUlids,
  type Draft,
  draft,
  type EventData,
  type EventTypeName,
  type Expectation,
  type JournalEvent,
  type Receipt,
  upcastEvent,
} from '@daybook/events'
import type { Appender, Author } from './appender.ts'
import type { StreamReader } from './stream-reader.ts'

/**
 * Commands on one stream: what its events mean, and what may happen next. Both are pure. `evolve` is total, whatever an
 * import brought in; `decide` throws a DaybookError to refuse.
 */
export interface Decider<State, Command> {
  /** Of a stream without events. */
  readonly initial: State
  readonly evolve: (state: State, event: JournalEvent) => State
  /** The events that make the command true, in order; none when it is true already. All of them are journaled, or none. */
  readonly decide: (state: State, command: Command) => readonly Decided[]
}

/** An event that was decided: an own type with its data, in the command's stream unless it names another one. */
export type Decided = {
  [Type in EventTypeName]: { readonly type: Type; readonly data: EventData<Type> }
}[EventTypeName] &
  Readonly<Partial<Pick<Draft, 'stream' | 'key' | 'correlationId' | 'causationId'>>>

/** A wish, whose it is, and which stream it is about. */
export interface CommandRequest<Command> {
  readonly caller: Author
  readonly stream: string
  readonly command: Command
  /** What must be true of other streams that the events go to. Not met: `seq-conflict`. */
  readonly expect?: Readonly<Record<string, Expectation>>
}

/** What became of a command. */
export interface Executed<State> {
  /** After the command, and after whatever else was journaled in the meantime. */
  readonly state: State
  /** One for each event; none when there was nothing to do. */
  readonly receipts: readonly Receipt[]
}

/** The state of a stream after its event `seq`; 0 is before the first. */
export interface StateAt<State> {
  readonly state: State
  readonly seq: number
}

export interface DecideParts<State, Command> {
  readonly read: StreamReader
  readonly append: Appender
  /**
   * Where folding may begin instead of at the first event, for long streams: a state that `evolve` made, of a read model
   * or a snapshot. It may be old, and it may be lost.
   */
  readonly recall?: (request: CommandRequest<Command>) => Promise<StateAt<State> | undefined>
}

/**
 * Each conflict means that another command on the stream got on, so of n that come together the last needs n tries. More
 * than this many at once on one stream are told to come back.
 */
const TRIES_MAX = 32
/** Up to so long, at random, before each further try: about an append's time, so that rivals fall out of step. */
const TRY_AGAIN_MS_MAX = 20

/**
 * Makes a function that carries out commands: it folds the stream, decides, and appends on condition that the stream has
 * not moved. If it has, what came is folded too, and it decides again; so of two commands that exclude each other one is
 * carried out, and the other is decided knowing that. There are no locks.
 *
 * Codes: those of `decide`; `conflict` when others were always faster; `timeout` when it is not known whether the events
 * were journaled; `unavailable`, `overloaded`, `archive-unavailable`. After a `timeout` the same command may be given
 * again: it is decided by what is in the journal then.
 */
export function decideLoop<State, Command>(
  parts: DecideParts<State, Command>,
  decider: Decider<State, Command>,
): (request: CommandRequest<Command>) => Promise<Executed<State>> {
  const nextUlid = createUlids()
  const fold = (request: CommandRequest<Command>, from: StateAt<State>) =>
    foldOn(parts.read, decider, request, from)
  const start: StateAt<State> = { state: decider.initial, seq: 0 }
  return async (request) => {
    let found = await fold(request, (await parts.recall?.(request)) ?? start)
    for (let tries = 1; ; tries += 1) {
      const decided = decider.decide(found.state, request.command)
      if (decided.length === 0) return { state: found.state, receipts: [] }
      const drafts = decided.map((event) => completeDraft(event, request, nextUlid()))
      const receipts = await tryAppend(parts.append, request, { drafts, seq: found.seq })
      if (!(receipts instanceof DaybookError)) return { state: (await fold(request, found)).state, receipts }
      if (tries === TRIES_MAX) throw outrun(request.stream, receipts)
      await pauseAtRandom()
      const next = await fold(request, found)
      // The conflict is about another stream, and deciding again would give the same.
      if (next.seq === found.seq && receipts.details?.['stream'] !== request.stream) throw receipts
      // What was recalled may be of a journal that a restore has taken back; then only its events tell the state.
      found = next.seq === found.seq ? await fold(request, start) : next
    }
  }
}

/** An event of a page has 256 KiB at most; both bounds keep what is in memory at once small. */
const EVENTS_PER_PAGE = 1_000
const PAGE_BYTES_MAX = 8 * 1024 * 1024

/** Pages may be read at different moments: what was in the stream stays, so together they are its state at the last. */
async function foldOn<State, Command>(
  read: StreamReader,
  { evolve }: Decider<State, Command>,
  { caller: { tenant }, stream }: CommandRequest<Command>,
  from: StateAt<State>,
): Promise<StateAt<State>> {
  let { state, seq } = from
  for (let more = true; more; ) {
    const query = { tenant, stream, after: seq, limit: EVENTS_PER_PAGE, bytesMax: PAGE_BYTES_MAX }
    const page = await read(query)
    for (const event of page.events) {
      state = evolve(state, upcastEvent(event))
      seq = event.seq
    }
    more = page.more
  }
  return { state, seq }
}

function completeDraft<Command>(
  event: Decided,
  { stream, caller }: CommandRequest<Command>,
  id: string,
): Draft {
  return draft({ stream, ...event, id, actor: caller.actor })
}

/** The receipts, or the conflict, which is an expected outcome. */
async function tryAppend<Command>(
  append: Appender,
  { caller, stream, expect }: CommandRequest<Command>,
  { drafts, seq }: { drafts: Draft[]; seq: number },
): Promise<readonly Receipt[] | DaybookError> {
  try {
    // The command's own stream first: a conflict names the first one that is not met.
    const end = { [stream]: seq === 0 ? ('absent' as const) : seq }
    const { receipts } = await append({ events: drafts, expect: { ...end, ...expect } }, caller)
    return receipts
  } catch (error) {
    if (error instanceof DaybookError && error.code === 'seq-conflict') return error
    throw error
  }
}

function outrun(stream: string, cause: DaybookError): DaybookError {
  const message = `Others change ${stream} all the time; ${TRIES_MAX} tries were too late. Nothing happened. Try again in a moment.`
  return new DaybookError('conflict', message, { cause, details: { stream } })
}

function pauseAtRandom(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.random() * TRY_AGAIN_MS_MAX))
}
