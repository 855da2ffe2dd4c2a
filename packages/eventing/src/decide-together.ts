import { DaybookError } from '@daybook/errors'
import { type Actor, createUlids, type Draft, type Expectation, type Receipt } from '@daybook/events'
import type { Appender, Author } from './appender.ts'
import { type Decided, type Decider, draftsOf, type StateAt } from './decider.ts'
import { foldOwn } from './fold-stream.ts'

/** A command on one of many streams: who gives it, and the state by which it is decided. */
export interface TogetherRequest<State, Command> {
  readonly stream: string
  readonly actor: Actor
  readonly command: Command
  readonly found: StateAt<State>
  /** What was decided by this state before: then it is not decided again. */
  readonly ahead?: DecidedAhead | undefined
}

/** What a command was found to lead to, before it was given. */
export interface DecidedAhead {
  readonly decided: readonly Decided[]
  /** Says what is known only now. */
  readonly amend: (draft: Draft) => Draft
}

/**
 * What became of it. `after` is the state with its events; undefined where they cannot be folded without reading the stream.
 * With an `error` it was refused, by its decider or by the journal, or others were faster, or the request that it shared failed
 * for a reason that is nobody's; by itself it may be carried out yet. After a `timeout` it is not known what was appended.
 */
export type DecidedTogether<State> =
  | {
      readonly drafts: readonly Draft[]
      readonly receipts: readonly Receipt[]
      readonly after: StateAt<State> | undefined
    }
  | { readonly error: unknown }

/** As many events as one transaction of the journal takes well. */
const EVENTS_MAX = 500
/** Signs of JSON: a longer request goes over HTTP, which takes five times as long. */
const LENGTH_MAX = 192 * 1024
/** Where more commands than this stand in the way, each by itself is as fast. */
const TRIES_MAX = 8
/** These concern whoever asks, whatever he asks for. */
const CONCERNS_ALL = new Set(['unavailable', 'overloaded', 'timeout'])

/**
 * Carries out commands on different streams of one tenant together: each is decided by itself, and what was decided is appended
 * in few requests, in which every stream must be where it was when it was decided about. A request is journaled whole or not
 * at all, so who stands in its way is taken out and the others go again. Answers in the order of the commands, and never
 * throws. `caller` makes the requests; each event names its own actor, whom the journal has to let the caller name.
 */
export async function decideTogether<State, Command>(
  append: Appender,
  deciderOf: (stream: string) => Decider<State, Command>,
  { caller, requests }: { caller: Author; requests: readonly TogetherRequest<State, Command>[] },
): Promise<DecidedTogether<State>[]> {
  const nextUlid = createUlids()
  const outcomes = requests.map((request) => decideOne(deciderOf(request.stream), request, nextUlid))
  const parts = outcomes.filter((outcome) => outcome instanceof Part)
  await Promise.all(gather(parts).map((together) => appendTogether(append, caller, together)))
  return outcomes.map((outcome) => (outcome instanceof Part ? outcome.outcome(caller.tenant) : outcome))
}

/** What was decided on one stream, on its way into the journal. */
class Part<State, Command> {
  readonly drafts: readonly Draft[]
  readonly expect: Readonly<Record<string, Expectation>>
  readonly length: number
  readonly #decider: Decider<State, Command>
  readonly #request: TogetherRequest<State, Command>
  #receipts: readonly Receipt[] = []
  #error: unknown

  constructor(
    decider: Decider<State, Command>,
    request: TogetherRequest<State, Command>,
    made: ReturnType<typeof draftsOf>,
  ) {
    this.#decider = decider
    this.#request = request
    this.drafts = made.drafts
    this.expect = made.expect
    this.length = JSON.stringify(made).length
  }

  succeed(receipts: readonly Receipt[]): void {
    this.#receipts = receipts
  }

  fail(error: unknown): void {
    this.#error = error
  }

  outcome(tenant: string): DecidedTogether<State> {
    if (this.#error !== undefined) return { error: this.#error }
    const { stream, actor, found } = this.#request
    const made = { drafts: this.drafts, receipts: this.#receipts }
    const after = foldOwn(this.#decider, { caller: { tenant, actor }, stream }, found, made)
    return { ...made, after }
  }
}

function decideOne<State, Command>(
  decider: Decider<State, Command>,
  request: TogetherRequest<State, Command>,
  nextUlid: () => string,
): Part<State, Command> | DecidedTogether<State> {
  const { stream, actor, command, found, ahead } = request
  try {
    const decided = ahead?.decided ?? decider.decide(found.state, command)
    if (decided.length === 0) return { drafts: [], receipts: [], after: found }
    const at = { stream, seq: found.seq, caller: { actor } }
    const { drafts, expect } = draftsOf(decided, at, nextUlid)
    return new Part(decider, request, { drafts: ahead ? drafts.map(ahead.amend) : drafts, expect })
  } catch (error) {
    return { error }
  }
}

type AnyPart = Pick<Part<unknown, unknown>, 'drafts' | 'expect' | 'length' | 'succeed' | 'fail'>

/** In order; a part that is too large for a request with others has one of its own. */
function gather(parts: readonly AnyPart[]): AnyPart[][] {
  const requests: AnyPart[][] = []
  let [events, length] = [0, 0]
  for (const part of parts) {
    events += part.drafts.length
    length += part.length
    const last = requests.at(-1)
    if (last !== undefined && events <= EVENTS_MAX && length <= LENGTH_MAX) {
      last.push(part)
      continue
    }
    requests.push([part])
    events = part.drafts.length
    length = part.length
  }
  return requests
}

async function appendTogether(append: Appender, caller: Author, parts: readonly AnyPart[]): Promise<void> {
  let left = [...parts]
  for (let tries = 1; left.length > 0; tries += 1) {
    try {
      const events = left.flatMap(({ drafts }) => drafts)
      const expect = Object.fromEntries(left.flatMap((part) => Object.entries(part.expect)))
      handOut(left, (await append({ events, expect }, caller)).receipts)
      return
    } catch (error) {
      const blamed = tries === TRIES_MAX ? undefined : findBlamed(error, left)
      for (const part of blamed === undefined ? left : [blamed]) part.fail(error)
      left = blamed === undefined ? [] : left.filter((part) => part !== blamed)
    }
  }
}

function handOut(parts: readonly AnyPart[], receipts: readonly Receipt[]): void {
  let from = 0
  for (const part of parts) {
    part.succeed(receipts.slice(from, from + part.drafts.length))
    from += part.drafts.length
  }
}

/** Whose stream or whose event the journal names. */
function findBlamed(error: unknown, parts: readonly AnyPart[]): AnyPart | undefined {
  if (!(error instanceof DaybookError) || CONCERNS_ALL.has(error.code)) return undefined
  const { stream, path } = error.details ?? {}
  if (typeof stream === 'string') {
    return parts.find(({ expect, drafts }) => stream in expect || drafts.some((one) => one.stream === stream))
  }
  const index = typeof path === 'string' ? /^events\[(\d+)\]/.exec(path)?.[1] : undefined
  if (index === undefined) return undefined
  return parts.flatMap((part) => part.drafts.map(() => part))[Number(index)]
}
