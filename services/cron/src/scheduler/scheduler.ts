import { randomUUID } from 'node:crypto'
import type { Bus } from '@daybook/bus'
import type { Clock, Database } from '@daybook/database'
import { type Appender, forgetAfterRestore, type Projection, type RememberedStates } from '@daybook/eventing'
import type { CronCommand, CronJob } from '@daybook/events'
import type { Logger, Metrics } from '@daybook/runtime'
import { openActions } from '../actions/actions.ts'
import type { CronCommands } from '../commands.ts'
import type { JobKey } from '../jobs/job-states.ts'
import { Agenda } from './agenda.ts'
import { jobDecisions } from './job-decisions.ts'
import { LookAhead } from './look-ahead.ts'
import { observeScheduler } from './observe.ts'
import { Starter } from './starter.ts'
import { jobTroubles } from './troubles.ts'

export interface SchedulerParts<DB> {
  readonly database: Database<DB>
  readonly bus: Bus
  readonly logger: Logger
  readonly metrics: Metrics
  readonly append: Appender
  readonly clock: Clock
  readonly projection: Projection<DB>
  readonly commands: CronCommands
  /** The same in which the commands keep what they made of jobs. */
  readonly remembered: RememberedStates<CronJob | undefined>
  readonly slotsOf: CronCommand['slotsOf']
  /** So often at least it is looked for what is due; 5 s unless told. */
  readonly sweepMs?: number | undefined
  /** By which this instance is told from others; made up unless told. */
  readonly instance?: string | undefined
}

/** For a clock that was put forward, and for what a lost hint would have told. */
const SWEEP_MS = 5_000

/**
 * Makes happen what time alone makes happen. Reads top-down as start order.
 *
 * 1. Never early: what is on the agenda is decided about when the clock that all instances share says that it is due.
 * 2. Nothing depends on it having run at a certain moment, or on being the only one: everything is decided on the journal, on
 *    condition that the job's stream has not moved.
 * 3. A job that gives trouble has pauses of its own, and is set aside; the others go on.
 */
export function startScheduler<DB>(parts: SchedulerParts<DB>): AsyncDisposable {
  const { commands, projection, remembered, sweepMs = SWEEP_MS, instance = randomUUID() } = parts
  const stack = new AsyncDisposableStack()
  const common = {
    ...parts,
    sweepMs,
    instance,
    metrics: observeScheduler(parts.metrics),
    agenda: new Agenda(),
  }
  const decisions = jobDecisions(common)
  const troubles = jobTroubles(common)
  const ahead = stack.use(
    new LookAhead({
      ...common,
      prepare: (key, now) => decisions.prepare(key, now),
      onPlanned: () => starter.wake(),
      isResting: (key) => troubles.has(key),
      beforeLook: forgetAfterRestore(parts.database, () => remembered.forgetAll()),
      isBusy: () => starter.underWay > 0,
    }),
  )
  const actions = stack.use(openActions({ ...common, decisions, whenIdle: () => starter.whenIdle() }))
  stack.defer(projection.onAdvance(() => ahead.wake()))
  stack.defer(
    commands.onChanged((changed) => {
      // Whatever stood in the way may be gone.
      troubles.end(changed)
      ahead.note(changed, changed.state, changed.seq)
      actions.note(changed)
    }),
  )
  const onLater = (key: JobKey, state: CronJob): void => ahead.note(key, state, 0)
  const starter = stack.use(new Starter({ ...common, decisions, troubles, onLater }))
  return stack
}
