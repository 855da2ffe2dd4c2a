import { DaybookError } from '@daybook/errors'
import {
  completeDraft,
  createUlids,
  type Draft,
  draft,
  type EventData,
  type EventTypeName,
  type Expectation,
  FIRST_PREV,
  type JournalEvent,
  type Receipt,
} from '@daybook/events'
import type { Appender, Author } from './appender.ts'
import { foldOn, foldOwn } from './fold-stream.ts'
import type { RememberedStates } from './remembered-states.ts'
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

/**
 * An event that was decided: an own type with its data, in the command's stream and by its caller unless it names another
 * stream or somebody else, whom the journal has to let the service name.
 */
export type DecidedEvent = {
  [Type in EventTypeName]: { readonly type: Type; readonly data: EventData<Type> }
}[EventTypeName] &
  Readonly<Partial<Pick<Draft, 'stream' | 'key' | 'actor' | 'correlationId' | 'causationId'>>> & {
    /** What must be true of the stream that it goes to, where that is not the command's own. Not met: `seq-conflict`. */
    readonly expect?: Expectation
  }

/** What was decided: an own event, or one of any type, as a user asked for it. */
export type Decided = DecidedEvent | { readonly append: Omit<Draft, 'id' | 'v'> & { readonly v?: number } }

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
  /** What was appended; nothing when there was nothing to do. */
  readonly drafts: readonly Draft[]
  /** One for each of them. */
  readonly receipts: readonly Receipt[]
}

/** The state of a stream after its event `seq`; 0 is before the first. */
export interface StateAt<State> {
  readonly state: State
  readonly seq: number
  /** Of that event. With it, what is appended next need not be read back to be folded. */
  readonly hash?: string
}

export interface DecideParts<State, Command> {
  readonly read: StreamReader
  readonly append: Appender
  /**
   * Where folding may begin instead of at the first event, for long streams: a state that `evolve` made, of a read model
   * or a snapshot. It may be old, and it may be lost.
   */
  readonly recall?: (request: CommandRequest<Command>) => Promise<StateAt<State> | undefined>
  /**
   * Where states are kept from one command on a stream to the next. What is decided by one of them is appended only if
   * the stream still ends there; where it leads to nothing or to a refusal, the stream is asked before that is believed.
   */
  readonly remembered?: RememberedStates<State>
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
 * carried out, and the other is decided knowing that. There are no locks. Where the rules depend on what a command names,
 * they are made for each command.
 *
 * Codes: those of `decide`; `conflict` when others were always faster; `timeout` when it is not known whether the events
 * were journaled; `unavailable`, `overloaded`, `archive-unavailable`. After a `timeout` the same command may be given
 * again: it is decided by what is in the journal then.
 */
export function decideLoop<State, Command>(
  parts: DecideParts<State, Command>,
  deciderOf: Decider<State, Command> | ((command: Command) => Decider<State, Command>),
): (request: CommandRequest<Command>) => Promise<Executed<State>> {
  const nextUlid = createUlids()
  return (request) => {
    const decider = typeof deciderOf === 'function' ? deciderOf(request.command) : deciderOf
    return execute({ ...parts, decider, nextUlid }, request)
  }
}

interface ExecuteParts<State, Command> extends DecideParts<State, Command> {
  readonly decider: Decider<State, Command>
  readonly nextUlid: () => string
}

async function execute<State, Command>(
  parts: ExecuteParts<State, Command>,
  request: CommandRequest<Command>,
): Promise<Executed<State>> {
  const { decider, remembered, recall } = parts
  const { caller, stream, command } = request
  const done = await tryRemembered(parts, request)
  if (done !== undefined) return done
  const start: StateAt<State> = { state: decider.initial, seq: 0, hash: FIRST_PREV }
  const fold = (from: StateAt<State>) => foldOn(parts.read, decider, request, from)
  let found = await fold((await recall?.(request)) ?? start)
  for (let tries = 1; ; tries += 1) {
    const decided = decider.decide(found.state, command)
    remembered?.set(caller.tenant, stream, found)
    if (decided.length === 0) return { state: found.state, drafts: [], receipts: [] }
    const appended = await appendDecided(parts, request, { found, decided })
    if (!(appended instanceof DaybookError)) return appended
    if (tries === TRIES_MAX) throw outrun(stream, appended)
    await pauseAtRandom()
    const next = await fold(found)
    // The conflict is about another stream, and deciding again would give the same.
    if (next.seq === found.seq && appended.details?.['stream'] !== stream) throw appended
    const before = found.seq
    // What was recalled may be of a journal that a restore has taken back; then only its events tell the state.
    found = next.seq === found.seq ? await fold(start) : next
    // Nobody came between: the stream has the key from an earlier event, and deciding again would give it once more.
    if (appended.code === 'key-reused' && found.seq === before) throw appended
  }
}

/** The state with what was decided, or the conflict. */
async function appendDecided<State, Command>(
  { decider, read, append, nextUlid, remembered }: ExecuteParts<State, Command>,
  request: CommandRequest<Command>,
  { found, decided }: { found: StateAt<State>; decided: readonly Decided[] },
): Promise<Executed<State> | DaybookError> {
  const made = { ...draftsOf(decided, { ...request, seq: found.seq }, nextUlid), expectMore: request.expect }
  const { drafts } = made
  const receipts = await tryAppend(append, request.caller, made)
  if (receipts instanceof DaybookError) return receipts
  const own = foldOwn(decider, request, found, { drafts, receipts })
  const after = own ?? (await foldOn(read, decider, request, found))
  remembered?.set(request.caller.tenant, request.stream, after)
  return { state: after.state, drafts, receipts }
}

/** Undefined where what is remembered does not lead to an append, or not to one that is accepted. */
async function tryRemembered<State, Command>(
  parts: ExecuteParts<State, Command>,
  request: CommandRequest<Command>,
): Promise<Executed<State> | undefined> {
  const { decider, remembered } = parts
  const { caller, stream, command } = request
  const found = remembered?.get(caller.tenant, stream)
  if (found === undefined) return undefined
  const decided = decideOrRefuse(decider, found.state, command)
  if (decided.length > 0) {
    const appended = await appendDecided(parts, request, { found, decided })
    if (!(appended instanceof DaybookError)) return appended
  }
  remembered?.forget(caller.tenant, stream)
  return undefined
}

/** A refusal counts only when it is certain that the state is the newest. */
function decideOrRefuse<State, Command>(
  { decide }: Decider<State, Command>,
  state: State,
  command: Command,
): readonly Decided[] {
  try {
    return decide(state, command)
  } catch (error) {
    if (error instanceof DaybookError) return []
    throw error
  }
}

/** Drafts of what was decided on a stream that ends at `seq`, and what must be true of it and of the others for them. */
export function draftsOf(
  decided: readonly Decided[],
  { stream, seq, caller: { actor } }: { stream: string; seq: number; caller: Pick<Author, 'actor'> },
  nextUlid: () => string,
): { drafts: Draft[]; expect: Record<string, Expectation> } {
  // The command's own stream first: a conflict names the first one that is not met.
  const expect: Record<string, Expectation> = { [stream]: seq === 0 ? 'absent' : seq }
  const drafts = decided.map((one) => {
    if ('append' in one) return completeDraft({ actor, ...one.append, id: nextUlid() })
    const { expect: expected, ...event } = one
    const complete = draft({ stream, actor, ...event, id: nextUlid() })
    if (expected !== undefined) expect[complete.stream] = expected
    return complete
  })
  return { drafts, expect }
}

/**
 * Whether others may have been faster. A key that is taken is such a case too: another instance has said the same, with words
 * of its own, and the journal looks at keys before it looks at expectations.
 */
function isConflict(error: unknown): error is DaybookError {
  return error instanceof DaybookError && (error.code === 'seq-conflict' || error.code === 'key-reused')
}

/** The receipts, or the conflict, which is an expected outcome. */
async function tryAppend(
  append: Appender,
  caller: Author,
  made: {
    drafts: Draft[]
    expect: Record<string, Expectation>
    expectMore: CommandRequest<unknown>['expect']
  },
): Promise<readonly Receipt[] | DaybookError> {
  try {
    const { receipts } = await append(
      { events: made.drafts, expect: { ...made.expect, ...made.expectMore } },
      caller,
    )
    return receipts
  } catch (error) {
    if (isConflict(error)) return error
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
