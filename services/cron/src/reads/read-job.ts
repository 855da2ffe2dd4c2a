import { type Parked, parkedSchema } from '@daybook/eventing'
import { type CronCommand, type CronJob, cronJobSchema } from '@daybook/events'
import { type Static, Type } from 'typebox'
import { type JobTimes, type ShownState, shownStateOf, shownStates, timesOf } from '../jobs/times.ts'

const { definition, problem, pause, counts, lastRun, runs, name, createdAt, updatedAt } =
  cronJobSchema.properties

const instantOrNull = (description: string) => Type.Union([Type.String(), Type.Null()], { description })

/** A job as it is answered. */
export const readJobSchema = Type.Object({
  name,
  state: Type.Enum([...shownStates], {
    description:
      'set-aside: it could not be decided about and waits for a person. ended: nothing will ever be due again',
  }),
  definition,
  revision: Type.Integer({ minimum: 1, description: 'The event that said the definition' }),
  nextAt: instantOrNull('The next time of its schedule; null where there is none, or while it does not run'),
  nextDueAt: instantOrNull(
    'When time makes something happen next: that time with the jitter, a further attempt, the end of a lease',
  ),
  problem,
  pause,
  counts,
  lastRun,
  open: Type.Array(runs.items, { description: 'Runs that have not ended, in the order of their decisions' }),
  createdAt,
  updatedAt,
  parked: Type.Optional(parkedSchema),
})

export type ReadJob = Static<typeof readJobSchema>

/** `marks` are those of its stream, if the read model leaves that out from an event on. */
export function toReadJob(
  document: CronJob,
  { state, nextAt, dueAt }: JobTimes & { state: ShownState },
  marks: { parked?: Parked } = {},
): ReadJob {
  const { phase: _phase, decidedUpTo: _upTo, slotRuns: _slotRuns, definedSeq, runs, ...shown } = document
  return { ...shown, state, revision: definedSeq, nextAt, nextDueAt: dueAt, open: runs, ...marks }
}

/** Of a job that a command has just left so. */
export function readJobOf(job: CronJob, slotsOf: CronCommand['slotsOf']): ReadJob {
  const times = timesOf(job, slotsOf)
  return toReadJob(job, { ...times, state: shownStateOf(job, times) })
}
