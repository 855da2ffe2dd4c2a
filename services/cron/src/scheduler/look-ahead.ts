import { setImmediate } from 'node:timers/promises'
import type { Clock, Database } from '@daybook/database'
import type { RememberedStates } from '@daybook/eventing'
import { type CronCommand, type CronJob, streamOfJob } from '@daybook/events'
import { type Logger, Pause } from '@daybook/runtime'
import { type JobKey, jobKey } from '../jobs/job-states.ts'
import { timesOf } from '../jobs/times.ts'
import { recallJobs } from '../recall.ts'
import { type DueJob, dropPicks, nextPickAt, PICK_MS, pickDueJobs } from '../store/picks.ts'
import type { Agenda } from './agenda.ts'
import type { JobDecisions } from './job-decisions.ts'
import type { SchedulerMetrics } from './observe.ts'

export interface LookAheadParts<DB> {
  readonly database: Database<DB>
  readonly remembered: RememberedStates<CronJob | undefined>
  readonly slotsOf: CronCommand['slotsOf']
  readonly clock: Clock
  readonly agenda: Agenda
  readonly logger: Logger
  readonly metrics: SchedulerMetrics
  /** By which this instance is told from others. */
  readonly instance: string
  /** Decides ahead. */
  readonly prepare: JobDecisions['prepare']
  /** Told after something came on the agenda. */
  readonly onPlanned: () => void
  /** Whether the job is tried again in a while, whatever is due. */
  readonly isResting: (key: JobKey) => boolean
  /** Told before each look; what it throws is logged. */
  readonly beforeLook: () => Promise<void>
  /** Whether looking would take time from what is being started. */
  readonly isBusy: () => boolean
  readonly sweepMs: number
}

/** So far ahead of its time a job is picked, and its state and its next times are read. */
const AHEAD_MS = 2_000
/** Nothing is picked later than this before its time; in between, one look finds what became due for several. */
const AHEAD_MS_MIN = 1_000
/** A busy read model gets on with each commit; two looks in less time than this see hardly anything more. */
const SPACING_MS = 25
const BUSY_SPACING_MS = 250
/** As many as are recalled well in one statement. */
const PICKS_MAX = 500
/** More are left to the next look, and to others: what is picked is kept in memory. */
const AGENDA_MAX = 5_000
/** So far ahead, what this instance has decided itself need not be told by the read model. */
const KNOWN_MS = 60_000
const KNOWN_MAX = 10_000
/** Planned in one go. Of a schedule that nobody has read yet, finding the times takes a part of a millisecond. */
const PLANNED_AT_ONCE = 20

/**
 * Finds what is going to be due, before it is.
 *
 * L1 Nothing depends on a pick: it keeps instances from doing the same, and the journal decides. A dead one's picks end.
 * L2 The read model may be behind. What this instance has decided itself it knows from the state, which is newer.
 * L3 What is found early enough is decided about before its time, as of its time: then it need only be appended. If something
 *    happens to the job in between, it is decided anew.
 */
export class LookAhead<DB> implements AsyncDisposable {
  readonly #parts: LookAheadParts<DB>
  readonly #pause = new Pause()
  /** What is due when, as this instance has decided it, but is not picked. */
  readonly #known = new Map<string, DueJob>()
  /** Until when this instance has picked what. */
  readonly #heldUntil = new Map<string, string>()
  readonly #running: Promise<void>
  #lookAt: string | undefined
  #lookedAtMs = Number.NEGATIVE_INFINITY
  #isWanted = true
  #isOver = false

  constructor(parts: LookAheadParts<DB>) {
    this.#parts = parts
    this.#running = this.#run()
  }

  /** There may be something new in the read model. */
  wake(): void {
    this.#isWanted = true
    this.#pause.end()
  }

  /** After a change that this instance has made. L2 */
  note({ tenant, job }: JobKey, state: CronJob | undefined, seq: number): void {
    const { agenda, slotsOf, onPlanned } = this.#parts
    const key = { tenant, job }
    const name = jobKey(tenant, job)
    const dueAt = state === undefined ? null : timesOf(state, slotsOf).dueAt
    this.#known.delete(name)
    agenda.remove(key)
    if (dueAt === null) return
    if (dueAt <= (this.#heldUntil.get(name) ?? '')) {
      agenda.put(key, dueAt)
      return onPlanned()
    }
    if (this.#known.size < KNOWN_MAX) this.#known.set(name, { ...key, dueAt, seq })
    this.#lookBy(later(dueAt, -AHEAD_MS_MIN))
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      this.#isWanted = false
      this.#lookedAtMs = performance.now()
      try {
        await this.#parts.beforeLook()
        await this.#look()
      } catch (error) {
        this.#parts.logger.warn(
          { err: error },
          'what is due could not be looked for; the next look tries again',
        )
      }
      await this.#rest()
    }
  }

  async #look(): Promise<void> {
    const { database, clock, agenda, instance, metrics } = this.#parts
    const now = await clock.now()
    const horizon = later(now, AHEAD_MS)
    this.#prune(now)
    this.#lookAt = undefined
    const limit = Math.min(PICKS_MAX, AGENDA_MAX - agenda.size)
    if (limit > 0) {
      const known = [...this.#known.values()].filter(({ dueAt }) => dueAt <= horizon).slice(0, limit)
      const picked = await pickDueJobs(database, { instance, now, horizon, limit, known })
      metrics.picked(picked.length)
      await this.#plan(picked, now)
      if (picked.length >= limit) this.#isWanted = true
    }
    const { dueAt, freeAt } = await nextPickAt(database, { instance, now, horizon })
    if (dueAt !== undefined) this.#lookBy(later(dueAt, -AHEAD_MS_MIN))
    if (freeAt !== undefined) this.#lookBy(freeAt)
    for (const known of this.#known.values())
      if (known.dueAt > horizon) this.#lookBy(later(known.dueAt, -AHEAD_MS_MIN))
  }

  #prune(now: string): void {
    for (const [name, until] of this.#heldUntil) if (until < now) this.#heldUntil.delete(name)
    for (const [name, { dueAt }] of this.#known)
      if (dueAt > later(now, KNOWN_MS) || dueAt < later(now, -PICK_MS)) this.#known.delete(name)
  }

  async #plan(picked: readonly DueJob[], now: string): Promise<void> {
    const { remembered, onPlanned } = this.#parts
    const seqOf = ({ tenant, job }: JobKey) => remembered.get(tenant, streamOfJob(job))?.seq ?? -1
    const recalled = await recallJobs(
      this.#parts.database,
      picked.filter((due) => seqOf(due) < due.seq),
    )
    for (const [index, due] of picked.entries()) {
      const name = jobKey(due.tenant, due.job)
      const found = recalled.get(name)
      if (found !== undefined && seqOf(due) < found.seq)
        remembered.set(due.tenant, streamOfJob(due.job), found)
      this.#known.delete(name)
      this.#heldUntil.set(name, later(due.dueAt > now ? due.dueAt : now, PICK_MS))
      this.#planOne(due, now)
      if (index % PLANNED_AT_ONCE !== PLANNED_AT_ONCE - 1) continue
      onPlanned()
      await setImmediate()
    }
    onPlanned()
  }

  #planOne({ tenant, job, dueAt }: DueJob, now: string): void {
    const { agenda, remembered, slotsOf, isResting } = this.#parts
    if (isResting({ tenant, job })) return
    const state = remembered.get(tenant, streamOfJob(job))?.state
    // Without a state it is read when it is due.
    const byState = state === undefined ? dueAt : timesOf(state, slotsOf).dueAt
    if (byState === null) return
    const prepared = byState > now ? this.#parts.prepare({ tenant, job }, byState) : undefined
    agenda.put({ tenant, job, prepared }, byState)
  }

  #lookBy(instant: string): void {
    if (this.#lookAt !== undefined && instant >= this.#lookAt) return
    this.#lookAt = instant
    this.#pause.end()
  }

  async #rest(): Promise<void> {
    while (!this.#isOver) {
      const sinceMs = performance.now() - this.#lookedAtMs
      const leastMs = (this.#parts.isBusy() ? BUSY_SPACING_MS : SPACING_MS) - sinceMs
      const mostMs = Math.min(this.#parts.sweepMs - sinceMs, await this.#untilLookMs())
      const leftMs = this.#isWanted ? leastMs : Math.max(leastMs, mostMs)
      if (leftMs <= 0 || this.#isOver) return
      await this.#pause.wait(leftMs)
    }
  }

  /** Without the clock, which is in the database, there is nothing to be looked for either. */
  async #untilLookMs(): Promise<number> {
    const now = await this.#parts.clock.now().catch(() => undefined)
    if (now === undefined || this.#lookAt === undefined) return Number.POSITIVE_INFINITY
    return Date.parse(this.#lookAt) - Date.parse(now)
  }

  /** What is picked and not decided about, others can have at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true
    this.#pause.end()
    await this.#running
    const { database, instance, logger } = this.#parts
    await dropPicks(database, instance).catch((error: unknown) => {
      logger.warn({ err: error }, 'what is picked could not be given back; it is free in a moment')
    })
  }
}

function later(instant: string, ms: number): string {
  return new Date(Date.parse(instant) + ms).toISOString()
}
