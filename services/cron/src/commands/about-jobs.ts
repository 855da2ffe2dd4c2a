import type { Clock } from '@daybook/database'
import { DaybookError } from '@daybook/errors'
import type { Author } from '@daybook/eventing'
import { type CronJob, canonicalJson, type JobDefinition } from '@daybook/events'
import type { CronCommands, CronWish } from '../commands.ts'
import { noSuchJob } from '../reads/no-such.ts'
import { type ReadJob, readJobOf } from '../reads/read-job.ts'
import type { ScheduleReader } from '../schedule/reader.ts'
import { changedDefinition, definitionOf } from './definition.ts'

export interface AboutJobsParts {
  readonly commands: CronCommands
  readonly schedules: ScheduleReader
  readonly clock: Clock
}

/** A change of a job: members of its definition, null for those that are to be taken away. */
interface JobChange {
  readonly job: string
  readonly ifRevision?: number
  readonly change: object
}

/** What is done with jobs. Repeated, each is answered the same. Codes of all: those of `decideLoop`. */
export interface AboutJobs {
  /**
   * Codes: `invalid-request`, `reserved-event-type`, `invalid-schedule`, `unknown-timezone`, `never-fires`, `already-exists`
   * for a job of this name with another definition.
   */
  create(author: Author, given: { name: string } & object): Promise<{ job: ReadJob; isNew: boolean }>
  /** Codes: those of `create`; `not-found`, `conflict` for another revision than `ifRevision`. */
  update(author: Author, change: JobChange): Promise<ReadJob>
  /** Codes: `not-found`; of resume: `invalid-transition` where nothing is left to be resumed. */
  changePhase(
    author: Author,
    wish: { name: 'pause' | 'resume' | 'delete'; job: string; reason?: string },
  ): Promise<ReadJob>
}

/** Somebody else changes the same job each time; so many do not at once. */
const TRIES_MAX = 8

export function aboutJobs({ commands, schedules, clock }: AboutJobsParts): AboutJobs {
  const execute = async (author: Author, job: string, wish: CronWish) => {
    const { state, receipts } = await commands.execute({ author, job, wish })
    if (state === undefined) throw noSuchJob(job)
    return { job: readJobOf(state, schedules.slotsOf), isNew: receipts.length > 0 }
  }
  const check = async (definition: JobDefinition, before: CronJob | undefined): Promise<void> => {
    if (timesOf(definition) === timesOf(before?.definition)) return
    schedules.check(definition, await clock.now())
  }
  return {
    async create(author, { name, ...given }) {
      const definition = definitionOf(given)
      try {
        await check(definition, undefined)
      } catch (error) {
        // Its times may be over by the time at which a request is repeated that was answered, and whose answer was lost.
        if (!isSame(await commands.look(author, name), definition)) throw error
      }
      return execute(author, name, { name: 'define', definition })
    },
    async update(author, { job, ifRevision, change }) {
      for (let tries = 1; ; tries += 1) {
        const before = await commands.look(author, job)
        if (before === undefined || before.phase === 'deleted') throw noSuchJob(job)
        const definition = changedDefinition(before.definition, change)
        await check(definition, before)
        // What is not told stays as it was when this was looked at, and no other way.
        const seen = ifRevision ?? before.definedSeq
        try {
          return (await execute(author, job, { name: 'update', definition, ifRevision: seen })).job
        } catch (error) {
          if (ifRevision !== undefined || tries === TRIES_MAX || !isOutrun(error)) throw error
        }
      }
    },
    changePhase: async (author, { name, job, reason }) => {
      const why = reason === undefined ? {} : { reason }
      return (await execute(author, job, { name, ...why })).job
    },
  }
}

/** What decides whether a job ever runs; a change of anything else is allowed after its last time too. */
function timesOf(definition: JobDefinition | undefined): string | undefined {
  if (definition === undefined) return undefined
  const { schedule, startAt = null, endAt = null } = definition
  return canonicalJson({ schedule, startAt, endAt })
}

function isSame(job: CronJob | undefined, definition: JobDefinition): boolean {
  if (job?.definition === undefined || job.phase === 'deleted') return false
  return canonicalJson(job.definition) === canonicalJson(definition)
}

function isOutrun(error: unknown): boolean {
  return error instanceof DaybookError && error.code === 'conflict'
}
