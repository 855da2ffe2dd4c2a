import { setImmediate, setTimeout } from 'node:timers/promises'
import type { Clock } from '@daybook/database'
import { DaybookError } from '@daybook/errors'
import {
  type Appender,
  type DecidedAhead,
  type DecidedTogether,
  decideTogether,
  type Executed,
  type RememberedStates,
  type TogetherRequest,
} from '@daybook/eventing'
import {
  type Actor,
  type CronCommand,
  type CronJob,
  type Draft,
  jobOfStream,
  streamOfJob,
} from '@daybook/events'
import type { CronCommands, CronWish } from '../commands.ts'
import { cronDecider, scheduleActor } from '../cron-decider.ts'
import { type JobKey, jobKey } from '../jobs/job-states.ts'
import type { SchedulerMetrics } from './observe.ts'
import { Turnstile } from './turnstile.ts'

export interface JobDecisionsParts {
  readonly commands: Pick<CronCommands, 'execute' | 'changed'>
  readonly remembered: RememberedStates<CronJob | undefined>
  readonly append: Appender
  readonly clock: Clock
  readonly slotsOf: CronCommand['slotsOf']
  readonly metrics: SchedulerMetrics
}

/** Something that time, or what a run came to, makes of a job. */
interface JobWish extends JobKey {
  readonly wish: CronWish
  /** Of a tick. */
  readonly prepared?: PreparedTick | undefined
}

/** What a tick will lead to at an instant, if nothing happens to the job before. */
export interface PreparedTick {
  readonly now: string
  readonly seq: number
  readonly decided: DecidedAhead['decided']
}

/** What became of it, and the moment at which it was decided. */
export interface CarriedOut extends Executed<CronJob | undefined> {
  readonly now: string
}

/** Carries out what the service itself wants of jobs, together where it can. */
export interface JobDecisions {
  /** Codes: those of `decideCron` and of `decideLoop`. */
  carryOut(wish: JobWish): Promise<CarriedOut>
  /** Decides ahead what a tick at that instant makes of a job; undefined where that is not known, or nothing. */
  prepare(key: JobKey, now: string): PreparedTick | undefined
}

/** Who makes the requests that hold what many jobs do. */
const SCHEDULER: Actor = { kind: 'service', id: 'cron' }
/** Few enough that the first of a thousand is on its way while the last is still decided about. */
const TOGETHER_MAX = 100
/** A thousand starts: the journal writes what comes while it writes in one go. */
const REQUESTS_AT_ONCE = 10
/** Each by itself reads its stream first, one statement each. */
const ALONE_AT_ONCE = 8
/** What these concern is not one job, and by itself it would fare no better. */
const CONCERNS_ALL = new Set(['unavailable', 'overloaded', 'timeout'])

/** What was decided as of its time is appended within a moment of it, or decided anew. */
const AS_GOOD_MS = 1_000
/** Where there is always an append under way. */
const LOOKED_AT_MS_MAX = 100

interface Waiting extends JobWish {
  readonly resolve: (carriedOut: CarriedOut) => void
  readonly reject: (error: unknown) => void
}

/**
 * 1. What is wanted in one turn of the event loop goes together, by tenant, by states that are remembered: nothing is read.
 * 2. What does not lead to an append that way is carried out by itself, by the newest state: it may have been told what is
 *    old, or it may be that one which the journal does not take. Only what that says is believed.
 */
class TogetherOrAlone implements JobDecisions {
  readonly #parts: JobDecisionsParts
  readonly #requests = new Turnstile(REQUESTS_AT_ONCE)
  readonly #alone = new Turnstile(ALONE_AT_ONCE)
  #answered = Promise.withResolvers<void>()
  #underWay = 0
  #waiting: Waiting[] = []
  #turns: Promise<void> = Promise.resolve()

  constructor(parts: JobDecisionsParts) {
    this.#parts = parts
  }

  carryOut(wish: JobWish): Promise<CarriedOut> {
    const { promise, resolve, reject } = Promise.withResolvers<CarriedOut>()
    if (this.#waiting.length === 0) void setImmediate().then(() => this.#start())
    this.#waiting.push({ ...wish, resolve, reject })
    return promise
  }

  prepare({ tenant, job }: JobKey, now: string): PreparedTick | undefined {
    const request = this.#requestOf({ tenant, job, wish: { name: 'tick' } }, now)
    if (request === undefined) return undefined
    const { stream, found, command } = request
    try {
      const decided = deciderOfStream(stream).decide(found.state, command)
      return decided.length === 0 ? undefined : { now, seq: found.seq, decided }
    } catch {
      // What is wrong with it is found out when it is due.
      return undefined
    }
  }

  /** 1 */
  #start(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const ofTenant of Map.groupBy(waiting, ({ tenant }) => tenant).values()) {
      const first = new Map(ofTenant.map((one) => [jobKey(one.tenant, one.job), one]))
      const together = [...first.values()]
      for (let from = 0; from < together.length; from += TOGETHER_MAX)
        this.#startTogether(together.slice(from, from + TOGETHER_MAX))
      // A second wish for one job is decided on what the first one made of it.
      for (const one of ofTenant) if (first.get(jobKey(one.tenant, one.job)) !== one) this.#byItself(one)
    }
  }

  #startTogether(waiting: readonly Waiting[]): void {
    this.#requests
      .pass(() => this.#together(waiting))
      .catch((error: unknown) => {
        for (const one of waiting) one.reject(error)
      })
  }

  async #together(waiting: readonly Waiting[]): Promise<void> {
    const { clock, metrics } = this.#parts
    await this.#turn()
    const now = await clock.now()
    const known = waiting.flatMap((one) => {
      const request = this.#requestOf(one, now)
      if (request === undefined) this.#byItself(one)
      return request === undefined ? [] : [{ one, request }]
    })
    const [first] = known
    if (first === undefined) return
    const caller = { tenant: first.one.tenant, actor: SCHEDULER }
    const requests = known.map(({ request }) => request)
    const outcomes = await decideTogether(this.#appendFirst, deciderOfStream, { caller, requests })
    metrics.carriedOut('together', requests.length)
    for (const [index, outcome] of outcomes.entries()) {
      const asked = known[index]
      if (asked !== undefined) this.#settle(asked.one, outcome, now)
    }
  }

  /** What comes of an append is looked at when those beside it have their answers: until then they need the machine. */
  readonly #appendFirst: Appender = async (request, author) => {
    this.#underWay += 1
    try {
      return await this.#parts.append(request, author)
    } finally {
      this.#underWay -= 1
      if (this.#underWay === 0) {
        this.#answered.resolve()
        this.#answered = Promise.withResolvers()
      } else await Promise.race([this.#answered.promise, setTimeout(LOOKED_AT_MS_MAX)])
    }
  }

  /** Deciding takes milliseconds: what is decided leaves before it is decided on. */
  async #turn(): Promise<void> {
    const before = this.#turns
    this.#turns = before.then(() => setImmediate())
    await before
  }

  #requestOf(
    { tenant, job, wish, prepared }: JobWish,
    now: string,
  ): TogetherRequest<CronJob | undefined, CronCommand> | undefined {
    const stream = streamOfJob(job)
    const found = this.#parts.remembered.get(tenant, stream)
    if (found === undefined) return undefined
    const command = { ...wish, now, slotsOf: this.#parts.slotsOf, chance: Math.random() }
    const request = { stream, actor: scheduleActor(job), command, found }
    return prepared !== undefined && isAsGood(prepared, { now, seq: found.seq })
      ? { ...request, ahead: { decided: prepared.decided, amend: restamp(prepared.now, now) } }
      : request
  }

  #settle(one: Waiting, outcome: DecidedTogether<CronJob | undefined>, now: string): void {
    if ('error' in outcome) {
      if (concernsAll(outcome.error)) return one.reject(outcome.error)
      return this.#byItself(one)
    }
    const { remembered, commands } = this.#parts
    const { tenant, job } = one
    const stream = streamOfJob(job)
    const { drafts, receipts, after } = outcome
    const last = receipts.findLast((receipt) => receipt.stream === stream)
    if (after === undefined || last === undefined) return this.#byItself(one)
    remembered.set(tenant, stream, after)
    const { seq, position, recordedAt: at } = last
    commands.changed({ tenant, job, seq, position, at, state: after.state })
    one.resolve({ state: after.state, drafts, receipts, now })
  }

  /** 2 */
  #byItself({ tenant, job, wish, resolve, reject }: Waiting): void {
    const author = { tenant, actor: scheduleActor(job) }
    this.#parts.metrics.carriedOut('alone', 1)
    const execute = () => this.#parts.commands.execute({ author, job, wish })
    void this.#alone.pass(() =>
      execute().then(({ command, ...executed }) => resolve({ ...executed, now: command.now }), reject),
    )
  }
}

/** What time has made of the job since, or others have, was not known then. */
function isAsGood(prepared: PreparedTick, { now, seq }: { now: string; seq: number }): boolean {
  const lateMs = Date.parse(now) - Date.parse(prepared.now)
  return prepared.seq === seq && lateMs >= 0 && lateMs <= AS_GOOD_MS
}

/** It was decided as of its time, and is on record as of the moment at which it leaves. */
function restamp(then: string, now: string): (draft: Draft) => Draft {
  return (draft) => (draft.data['at'] === then ? { ...draft, data: { ...draft.data, at: now } } : draft)
}

function deciderOfStream(stream: string): ReturnType<typeof cronDecider> {
  return cronDecider(jobOfStream(stream) ?? '')
}

function concernsAll(error: unknown): boolean {
  return error instanceof DaybookError && CONCERNS_ALL.has(error.code)
}

/** See `JobDecisions`. */
export function jobDecisions(parts: JobDecisionsParts): JobDecisions {
  return new TogetherOrAlone(parts)
}
