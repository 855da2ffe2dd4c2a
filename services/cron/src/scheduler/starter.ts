import type { Clock } from '@daybook/database'
import { DaybookError } from '@daybook/errors'
import type { CronCommand, CronJob } from '@daybook/events'
import { type Logger, Pause } from '@daybook/runtime'
import type { JobKey } from '../jobs/job-states.ts'
import { timesOf } from '../jobs/times.ts'
import type { Agenda } from './agenda.ts'
import type { CarriedOut, JobDecisions, PreparedTick } from './job-decisions.ts'
import type { SchedulerMetrics } from './observe.ts'
import type { Troubles } from './troubles.ts'

/** A timer may ring a part of a millisecond early; then it is not due yet. */
const TIMER_MS_MIN = 1

interface StarterParts {
  readonly agenda: Agenda
  readonly clock: Clock
  readonly decisions: JobDecisions
  readonly troubles: Troubles
  readonly metrics: SchedulerMetrics
  /** Told of a job that turns out to be due later. */
  readonly onLater: (key: JobKey, state: CronJob) => void
  readonly slotsOf: CronCommand['slotsOf']
  readonly logger: Logger
  readonly sweepMs: number
}

/** Decides about what is on the agenda when it is due. */
export class Starter implements AsyncDisposable {
  readonly #parts: StarterParts
  readonly #pause = new Pause()
  readonly #ticks = new Set<Promise<void>>()
  readonly #running: Promise<void>
  #isOver = false

  constructor(parts: StarterParts) {
    this.#parts = parts
    this.#running = this.#run()
  }

  /** How many jobs are being decided about. */
  get underWay(): number {
    return this.#ticks.size
  }

  async whenIdle(): Promise<void> {
    while (this.#ticks.size > 0) await Promise.allSettled(this.#ticks)
  }

  wake(): void {
    this.#pause.end()
  }

  async #run(): Promise<void> {
    const { agenda, clock, logger, sweepMs } = this.#parts
    while (!this.#isOver) {
      let leftMs = sweepMs
      try {
        const now = await clock.now()
        for (const { prepared, ...key } of agenda.takeDue(now)) this.#start(key, prepared)
        const { nextAt } = agenda
        if (nextAt !== undefined) leftMs = Math.max(TIMER_MS_MIN, Date.parse(nextAt) - Date.parse(now))
      } catch (error) {
        logger.warn({ err: error }, 'nobody knows what time it is; it is asked again in a moment')
      }
      if (!this.#isOver) await this.#pause.wait(Math.min(sweepMs, leftMs))
    }
  }

  #start(key: JobKey, prepared: PreparedTick | undefined): void {
    const tick = this.#tick(key, prepared)
    this.#ticks.add(tick)
    void tick.finally(() => this.#ticks.delete(tick))
  }

  async #tick({ tenant, job }: JobKey, prepared: PreparedTick | undefined): Promise<void> {
    const key = { tenant, job }
    const { decisions, troubles, metrics, logger } = this.#parts
    try {
      const carriedOut = await decisions.carryOut({ ...key, wish: { name: 'tick' }, prepared })
      this.#requireProgress(key, carriedOut)
      troubles.end(key)
      const { state, drafts, receipts } = carriedOut
      metrics.decided({ drafts, receipts, definition: state?.definition })
    } catch (error) {
      const pauseMs = await troubles.meet(key, error)
      if (pauseMs === undefined) return
      await this.#again(key, pauseMs).catch((failure: unknown) => {
        logger.warn(
          { ...key, err: failure },
          'a job could not be put on the agenda again; the read model has it',
        )
        troubles.end(key)
      })
    }
  }

  /** What was decided meanwhile is no longer due; what is due and not decided would be due again and again. */
  #requireProgress(key: JobKey, { state, receipts, now }: CarriedOut): void {
    if (receipts.length > 0 || state === undefined) return
    const { slotsOf, onLater } = this.#parts
    const { dueAt } = timesOf(state, slotsOf)
    if (dueAt === null) return
    if (dueAt > now) return onLater(key, state)
    throw new DaybookError('internal', `${key.job} is due since ${dueAt}, and nothing is decided about it.`)
  }

  async #again(key: JobKey, pauseMs: number): Promise<void> {
    const { agenda, clock } = this.#parts
    agenda.put(key, new Date(Date.parse(await clock.now()) + pauseMs).toISOString())
    this.#pause.end()
  }

  /** What has begun comes to its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true
    this.#pause.end()
    await this.#running
    await Promise.allSettled(this.#ticks)
  }
}
