import type { JsonValue } from '@daybook/errors'
import { journalReader } from '@daybook/eventing'
import { type AttemptFailure, type CronCommandOf, streamOfJob } from '@daybook/events'
import { startRounds } from '@daybook/runtime'
import type { CronWish } from '../commands.ts'
import { type RunEnd, readRunEnds, readStartedRuns, type StartedRun } from '../store/pending-actions.ts'
import type { ActionsParts } from './actions.ts'

type FollowParts<DB> = Pick<
  ActionsParts<DB>,
  'database' | 'bus' | 'projection' | 'decisions' | 'remembered' | 'logger'
>

const FOLLOW_MS = 30_000
/** What is behind for longer, the next round finds. */
const CATCH_UP_MS = 5_000
const PAGE = 200
/** Who started a run, and lives, has told of its end by then. */
const OTHERS_MS = 1_000
/** Of a hint that is not taken up, the next round knows all the same. */
const HINTS_MAX = 10_000
/** A result is kept with the job's run too, up to this; beyond, it is in the run that it started. */
const RESULT_LENGTH_MAX = 16 * 1024
const CLASS_LENGTH_MAX = 100
const MESSAGE_LENGTH_MAX = 4_000

/** `daybook.events.<tenant>.run.<id>.<type>`: in the subjects of runs that jobs have started, this is where the id begins. */
const ENDS = ['RUN_COMPLETED', 'RUN_FAILED', 'RUN_CANCELLED'].map((type) => `daybook.events.*.run.*.${type}`)

/**
 * Tells runs of jobs how the runs ended that they had started.
 *
 * F1 A message of NATS is a hint to look. The journal's own table says whether a run has ended, and how.
 * F2 Hints get lost. Every so often all runs that wait for another one are looked through.
 * F3 All instances hear a hint. Who knows that the job waits acts at once, the others in a moment, if nobody did.
 */
class FollowedRuns<DB> implements AsyncDisposable {
  readonly #parts: FollowParts<DB>
  readonly #rounds: AsyncDisposable
  readonly #subscriptions: readonly AsyncDisposable[]
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #underWay = new Set<Promise<void>>()
  #own: StartedRun[] = []

  constructor(parts: FollowParts<DB>) {
    this.#parts = parts
    const { bus, logger } = parts
    this.#subscriptions = ENDS.map((subject) => bus.listen(subject, (message) => this.#hear(message.subject)))
    this.#rounds = startRounds({
      round: (signal) => this.#lookThrough(signal),
      everyMs: FOLLOW_MS,
      onFailure: (error) =>
        logger.warn(
          { err: error },
          'runs that jobs have started could not be looked through; the next round tries again',
        ),
    })
  }

  /** F3 */
  #hear(subject: string): void {
    const started = startedRunOf(subject)
    if (started === undefined) return
    const { tenant, job, target } = started
    const state = this.#parts.remembered.get(tenant, streamOfJob(job))?.state
    if (state?.runs.some((run) => run.target === target) === true) return this.#hearOwn(started)
    if (this.#timers.size >= HINTS_MAX) return
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      this.#begin([started])
    }, OTHERS_MS)
    this.#timers.add(timer)
  }

  /** Runs that end together are looked up together. */
  #hearOwn(started: StartedRun): void {
    if (this.#own.length === 0) {
      setImmediate(() => {
        this.#begin(this.#own)
        this.#own = []
      })
    }
    this.#own.push(started)
  }

  #begin(started: readonly StartedRun[]): void {
    const done = this.#tellEnded(started)
      .catch((error: unknown) => {
        this.#parts.logger.warn(
          { err: error },
          'the end of a run could not be recorded; the next round tries again',
        )
      })
      .finally(() => this.#underWay.delete(done))
    this.#underWay.add(done)
  }

  /** F2 */
  async #lookThrough(signal: AbortSignal): Promise<void> {
    const { database, projection } = this.#parts
    // What an instance started that is gone may not be in the read model yet, and nobody else knows of it.
    const { position } = await journalReader(database.kysely).head()
    await projection.waitFor(position, CATCH_UP_MS)
    for (let after: StartedRun | undefined; !signal.aborted; ) {
      const page = await readStartedRuns(database, { after, limit: PAGE })
      await this.#tellEnded(page)
      after = page.at(-1)
      if (page.length < PAGE) return
    }
  }

  /** F1 */
  async #tellEnded(started: readonly StartedRun[]): Promise<void> {
    const { database, decisions } = this.#parts
    const streams = started.map(({ tenant, target }) => ({ tenant, stream: target }))
    const ends = await readRunEnds(database, streams)
    const endOf = new Map(ends.map((end) => [`${end.tenant} ${end.stream}`, end]))
    const told = await Promise.allSettled(
      started.flatMap(({ tenant, job, run, attempt, target }) => {
        const end = endOf.get(`${tenant} ${target}`)
        if (end === undefined) return []
        const wish: CronWish = { name: 'ended', run, attempt, ...outcomeOf(end) }
        return [decisions.carryOut({ tenant, job, wish })]
      }),
    )
    const failed = told.find((one) => one.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const subscription of this.#subscriptions) await subscription[Symbol.asyncDispose]()
    for (const timer of this.#timers) clearTimeout(timer)
    await this.#rounds[Symbol.asyncDispose]()
    await Promise.all(this.#underWay)
  }
}

/** By the subject of the event that ended it: the stream of such a run names its job, its run, and a further attempt. */
function startedRunOf(subject: string): StartedRun | undefined {
  const [, , tenant = '', kind, token = ''] = subject.split('.')
  if (kind !== 'run' || !token.startsWith('cron:')) return undefined
  const id = token.replaceAll(/%([0-9A-F]{2})/g, (_all, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  )
  const [, job = '', run = '', attempt = '1'] = id.split(':')
  return { tenant, job, run, attempt: Number(attempt), target: `run/${id}` }
}

type Outcome = Pick<CronCommandOf<'ended'>, 'status' | 'result' | 'error'>

function outcomeOf({ type, data }: RunEnd): Outcome {
  if (type === 'RUN_CANCELLED') return { status: 'cancelled' }
  if (type === 'RUN_FAILED') return { status: 'failed', error: failureOf(data['error']) }
  const { output } = data
  const isSmall = output !== undefined && JSON.stringify(output).length <= RESULT_LENGTH_MAX
  return { status: 'succeeded', ...(isSmall && { result: output }) }
}

/** What a run says of its failure is for people; by its class a program tells what it was. */
function failureOf(thrown: JsonValue | undefined): AttemptFailure {
  const said = typeof thrown === 'object' && thrown !== null && !Array.isArray(thrown) ? thrown : {}
  const { name, message } = said
  const isNamed = typeof name === 'string' && name !== ''
  return {
    // One line of text, as the schema of a failure has it.
    class: isNamed ? name.replaceAll(/\p{Cc}/gu, ' ').slice(0, CLASS_LENGTH_MAX) : 'run-failed',
    message: (typeof message === 'string' ? message : 'The run failed.').slice(0, MESSAGE_LENGTH_MAX),
    retryable: true,
  }
}

/** Starts to follow runs. It never throws: what goes wrong is tried again. */
export function startFollowing<DB>(parts: FollowParts<DB>): AsyncDisposable {
  return new FollowedRuns(parts)
}
