import type { Clock } from '@daybook/database'
import { DaybookError } from '@daybook/errors'
import type { Author } from '@daybook/eventing'
import { isInstant, runNameOfBackfill, type Slots } from '@daybook/events'
import type { CronCommands } from '../commands.ts'
import { noSuchJob } from '../reads/no-such.ts'
import type { ScheduleReader } from '../schedule/reader.ts'
import type { FindRuns } from './find-runs.ts'

export interface BackfillParts {
  readonly commands: CronCommands
  readonly runs: FindRuns
  readonly schedules: Pick<ScheduleReader, 'slotsOf'>
  readonly clock: Clock
}

export interface BackfillWish {
  readonly job: string
  /** ISO 8601, UTC, milliseconds; both ends included. */
  readonly from: string
  readonly to: string
  readonly backfillId: string
  readonly dryRun?: boolean
}

export interface BackfillAnswer {
  readonly slots: number
  readonly first?: string
  readonly last?: string
  readonly runs: readonly string[]
}

/** As many runs of a job as can wait at once. */
const SLOTS_MAX = 500

/**
 * Makes up for times of the past: a run for each, whatever became of it before. The same backfill again makes no further runs.
 * Codes: `not-found`, `invalid-request`, `key-reused` for an id that was used for other times, and those of `decideCron`.
 */
export function backfiller({ commands, runs, schedules, clock }: BackfillParts) {
  return async (author: Author, wish: BackfillWish): Promise<BackfillAnswer> => {
    const { job, from, to, backfillId, dryRun } = wish
    const { definition, phase } = (await commands.look(author, job)) ?? {}
    if (definition === undefined || phase === 'deleted') throw noSuchJob(job)
    requirePast({ from, to, now: await clock.now() })
    const slots = slotsBetween(schedules.slotsOf(definition.schedule), { from, to })
    const answer = answerOf(slots, backfillId)
    if (dryRun === true || slots.length === 0) return answer
    try {
      await commands.execute({ author, job, wish: { name: 'backfill', backfillId, slots } })
    } catch (error) {
      if (!(error instanceof DaybookError) || error.code !== 'key-reused') throw error
      // Asked for before, and some of its runs have ended.
      const known = await runs.all({ tenant: author.tenant, job }, answer.runs)
      if (known.length < slots.length) throw otherTimes(backfillId)
    }
    return answer
  }
}

function requirePast({ from, to, now }: { from: string; to: string; now: string }): void {
  for (const [path, instant] of Object.entries({ from, to }))
    if (!isInstant(instant)) {
      const message = `${path} is not an instant in milliseconds, UTC, such as 2026-11-21T09:00:00.000Z.`
      throw new DaybookError('invalid-request', message, { details: { path } })
    }
  if (from > to)
    throw new DaybookError('invalid-request', `There is nothing between ${from} and ${to}: from comes first.`)
  if (to > now)
    throw new DaybookError(
      'invalid-request',
      `What comes after ${now} needs no backfill: the schedule runs it. Take that, or an earlier instant, for to.`,
    )
}

function slotsBetween(slots: Slots, { from, to }: { from: string; to: string }): string[] {
  const found: string[] = []
  let after = new Date(Date.parse(from) - 1).toISOString()
  for (let slot = slots.after(after); slot !== undefined && slot <= to; slot = slots.after(after)) {
    if (found.length === SLOTS_MAX) throw tooMany({ from, last: found.at(-1) ?? from })
    found.push(slot)
    after = slot
  }
  return found
}

function answerOf(slots: readonly string[], backfillId: string): BackfillAnswer {
  const [first] = slots
  const last = slots.at(-1)
  return {
    slots: slots.length,
    ...(first !== undefined && { first }),
    ...(last !== undefined && { last }),
    runs: slots.map((slot) => runNameOfBackfill(slot, backfillId)),
  }
}

function tooMany({ from, last }: { from: string; last: string }): DaybookError {
  const message = `There are more than ${SLOTS_MAX} times between from and to. Narrow it: the first ${SLOTS_MAX} are from ${from} to ${last}.`
  return new DaybookError('invalid-request', message, { details: { from, to: last } })
}

function otherTimes(backfillId: string): DaybookError {
  const message = `The backfillId ${backfillId} was used for other times. Take a new one.`
  return new DaybookError('key-reused', message, { details: { backfillId } })
}
