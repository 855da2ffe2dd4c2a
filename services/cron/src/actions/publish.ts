import { DaybookError } from '@daybook/errors'
import { type CronRun, type JobDefinition, subjects } from '@daybook/events'
import { startRounds } from '@daybook/runtime'
import type { ChangedJob, CronWish } from '../commands.ts'
import { type JobKey, jobKey } from '../jobs/job-states.ts'
import { readUnpublished, type UnpublishedRun } from '../store/pending-actions.ts'
import type { ActionsParts } from './actions.ts'

type PublisherParts<DB> = Pick<
  ActionsParts<DB>,
  'database' | 'bus' | 'clock' | 'decisions' | 'logger' | 'whenIdle'
>

/** Publishes what jobs have published, and tells their runs that it went out. */
export interface Publisher extends AsyncDisposable {
  note(changed: Pick<ChangedJob, 'tenant' | 'job' | 'state'>): void
}

const REPUBLISH_MS = 5_000
/** Whoever started a run publishes its message within a moment. If he lives; after this it is anybody's turn. */
const LEFT_ALONE_MS = 2_000
const PAGE = 200
/** A round trip to the server, which takes messages of a connection in their order. */
const CONFIRM_MS = 5_000

interface Message extends JobKey {
  readonly run: CronRun
  readonly subject: string
  readonly text: string
}

/**
 * A message goes out before it is on record that it did, so after a crash in between it goes out again, with the same
 * `Nats-Msg-Id`: whoever must not do something twice knows it by that.
 */
class PublishedRuns<DB> implements Publisher {
  readonly #parts: PublisherParts<DB>
  readonly #underWay = new Map<string, Promise<void>>()
  readonly #rounds: AsyncDisposable
  #waiting: Message[] = []

  constructor(parts: PublisherParts<DB>) {
    this.#parts = parts
    const { logger } = parts
    this.#rounds = startRounds({
      round: (signal) => this.#republish(signal),
      everyMs: REPUBLISH_MS,
      onFailure: (error) =>
        logger.warn(
          { err: error },
          'what is to be published could not be looked for; the next round tries again',
        ),
    })
  }

  note({ tenant, job, state }: Pick<ChangedJob, 'tenant' | 'job' | 'state'>): void {
    const definition = state?.definition
    if (definition?.action.do !== 'publish') return
    for (const run of state?.runs ?? []) this.#take({ tenant, job, run, definition })
  }

  #take({ tenant, job, run, definition }: UnpublishedRun): void {
    const message = messageOf({ tenant, job, run }, definition)
    if (message === undefined || this.#underWay.has(nameOf(message))) return
    if (this.#waiting.length === 0) setImmediate(() => this.#start())
    this.#waiting.push(message)
    this.#underWay.set(nameOf(message), Promise.resolve())
  }

  #start(): void {
    const waiting = this.#waiting
    this.#waiting = []
    const done = this.#send(waiting)
    for (const message of waiting) this.#underWay.set(nameOf(message), done)
    void done.finally(() => {
      for (const message of waiting) this.#underWay.delete(nameOf(message))
    })
  }

  /** Only what the server has got is told to be out. What is not, the next round tries again. */
  async #send(messages: readonly Message[]): Promise<void> {
    const { bus, decisions, logger, whenIdle } = this.#parts
    try {
      const sent = messages.map((message) => ({ message, ended: this.#publish(message) }))
      await bus.whoAmI({ timeoutMs: CONFIRM_MS })
      await whenIdle()
      const told = await Promise.allSettled(
        sent.map(({ message: { tenant, job }, ended }) => decisions.carryOut({ tenant, job, wish: ended })),
      )
      const failed = told.find((one) => one.status === 'rejected')
      if (failed !== undefined)
        logger.warn(
          { err: failed.reason },
          'a message went out, and that could not be recorded; it goes out again',
        )
    } catch (error) {
      logger.warn(
        { err: error, messages: messages.length },
        'messages could not be published; the next round tries again',
      )
    }
  }

  /** What it came to. A message that no server takes will not be taken later. */
  #publish({ tenant, job, run, subject, text }: Message): CronWish {
    const about = { name: 'ended', run: run.run, attempt: run.attempt } as const
    try {
      const id = `${job}:${run.run}:${run.attempt}`
      this.#parts.bus.publish(subjects.app(tenant, subject), text, { 'Nats-Msg-Id': id })
      return { ...about, status: 'succeeded' }
    } catch (error) {
      if (!(error instanceof DaybookError) || error.retry === 'later') throw error
      const failure = { class: error.code, message: error.message, retryable: false }
      return { ...about, status: 'failed', error: failure }
    }
  }

  async #republish(signal: AbortSignal): Promise<void> {
    const { database, clock } = this.#parts
    const before = new Date(Date.parse(await clock.now()) - LEFT_ALONE_MS).toISOString()
    for (let after: UnpublishedRun | undefined; !signal.aborted; ) {
      const page = await readUnpublished(database, { before, after, limit: PAGE })
      for (const run of page) this.#take(run)
      await Promise.all(this.#underWay.values())
      after = page.at(-1)
      if (page.length < PAGE) return
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#rounds[Symbol.asyncDispose]()
    await Promise.all(this.#underWay.values())
  }
}

/** Of a run that is active and that nobody wants to end. */
function messageOf(
  { tenant, job, run }: JobKey & { run: CronRun },
  { action }: JobDefinition,
): Message | undefined {
  if (action.do !== 'publish' || run.state !== 'active' || run.cancel !== undefined) return undefined
  const { slot, attempt } = run
  const { subject, payload } = action
  const body = {
    job,
    run: run.run,
    ...(slot !== undefined && { slot }),
    attempt,
    ...(payload !== undefined && { payload }),
  }
  return { tenant, job, run, subject, text: JSON.stringify(body) }
}

function nameOf({ tenant, job, run }: Message): string {
  return `${jobKey(tenant, job)}\u0000${run.run}\u0000${run.attempt}`
}

/** Starts to publish what was started. It never throws: what goes wrong is tried again. */
export function openPublisher<DB>(parts: PublisherParts<DB>): Publisher {
  return new PublishedRuns(parts)
}
