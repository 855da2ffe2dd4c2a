import { type Static, Type } from 'typebox'
import { failureSchema } from '../inbound/fields.ts'
import { json } from '../run/fields.ts'
import { jobDefinitionSchema } from './definition.ts'
import { causeSchema, instant, jobName, runName } from './fields.ts'

const { Enum, Integer, Object: Struct, Optional, String: Text } = Type
const seq = Integer({ minimum: 1 })
const total = Integer({ minimum: 0 })

/** What a job can be. One whose times are all over is active, with no next time. */
export const jobPhases = ['active', 'paused', 'set-aside', 'deleted'] as const
/** What a run can be: first those that have not ended. */
export const openRunStates = ['held', 'queued', 'active', 'retrying'] as const
export const endedRunStates = ['succeeded', 'failed', 'timed-out', 'cancelled', 'skipped', 'missed'] as const

/** A run as its events tell of it, or a stretch of times that were missed. Instants are by the clock that decides what is due. */
export const cronRunSchema = Struct({
  run: runName,
  state: Enum([...openRunStates, ...endedRunStates]),
  slot: Optional(Type.Unsafe<string>({ ...instant, description: 'The time of the schedule that it is for' })),
  cause: causeSchema,
  decidedAt: instant,
  decidedSeq: seq,
  reason: Optional(Text({ description: 'Why it waits, was skipped or missed' })),
  note: Optional(Text({ description: 'What a person said to it' })),
  attempt: Integer({ minimum: 0 }),
  startedAt: Optional(instant),
  deadline: Optional(instant),
  target: Optional(Text({ description: 'The stream of the run that it started' })),
  lease: Optional(
    Struct({
      worker: Text(),
      claimId: Text(),
      token: seq,
      tokens: Type.Array(seq, { description: 'Earlier tokens of this lease, which hold as well' }),
      until: instant,
    }),
  ),
  nextAt: Optional(
    Type.Unsafe<string>({ ...instant, description: 'Of retrying: when the next attempt begins' }),
  ),
  cancel: Optional(
    Struct({ at: instant, giveUpAt: instant, seq, by: Optional(runName), reason: Optional(Text()) }),
  ),
  failures: Type.Array(
    Struct({
      attempt: seq,
      at: instant,
      seq,
      worker: Optional(Text()),
      token: Optional(seq),
      error: Optional(failureSchema),
    }),
    { description: 'The last 20' },
  ),
  endedAt: Optional(instant),
  endedSeq: Optional(seq),
  endedToken: Optional(seq),
  result: Optional(json),
  error: Optional(failureSchema),
  to: Optional(Type.Unsafe<string>({ ...instant, description: 'Of missed: the last of these times' })),
  count: Optional(Type.Integer({ minimum: 1, description: 'Of missed: how many times' })),
  lastSeq: seq,
})

/** What deciding about a job needs: bounded, however long it has been running. Ended runs are let go. */
export const cronJobSchema = Struct({
  name: jobName,
  phase: Enum([...jobPhases]),
  definition: Optional(jobDefinitionSchema),
  definedSeq: Type.Integer({ minimum: 1, description: 'The event that said the definition: its revision' }),
  createdAt: instant,
  updatedAt: instant,
  decidedUpTo: Type.Unsafe<string>({
    ...instant,
    description: 'What to do about times up to here is decided',
  }),
  slotRuns: Type.Integer({ minimum: 0, description: 'Runs that its times have made, of maxRuns' }),
  runs: Type.Array(cronRunSchema, {
    description: 'Those that have not ended, in the order of their decisions',
  }),
  problem: Optional(Struct({ code: Text(), message: Text(), at: instant, seq })),
  pause: Optional(Struct({ reason: Optional(Text()), at: instant, seq })),
  counts: Struct({
    started: total,
    succeeded: total,
    failed: total,
    timedOut: total,
    cancelled: total,
    skipped: total,
    missed: total,
  }),
  lastRun: Optional(Struct({ run: runName, state: Text(), endedAt: instant })),
})

/** See `cronRunSchema`. */
export type CronRun = Static<typeof cronRunSchema>
/** See `cronJobSchema`. */
export type CronJob = Static<typeof cronJobSchema>
