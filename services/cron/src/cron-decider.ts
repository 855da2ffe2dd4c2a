import type { Decided, Decider } from '@daybook/eventing'
import {
  type CronCommand,
  type CronDecision,
  type CronJob,
  type CronRun,
  decideCron,
  evolveCron,
} from '@daybook/events'

/**
 * The rules of a job for commands. What its actions append is the schedule's own doing, whoever brought it about; what is said
 * about the job itself is the caller's. `onRun` is told of each run that an event changed, as it is after that: those that
 * ended are not among the job's own any more.
 */
export function cronDecider(
  job: string,
  onRun: (run: CronRun) => void = () => {},
): Decider<CronJob | undefined, CronCommand> {
  return {
    initial: undefined,
    evolve(state, event) {
      const evolved = evolveCron(state, event)
      for (const run of evolved.changed) onRun(run)
      return evolved.job
    },
    decide: (state, command) => decideCron(state, command).map((decision) => authored(job, decision)),
  }
}

/** Who does what time does to a job. */
export function scheduleActor(job: string): { readonly kind: 'schedule'; readonly id: string } {
  return { kind: 'schedule', id: job }
}

/** A run that is started must not be there: its name says which attempt of what it is. */
function authored(job: string, decision: CronDecision): Decided {
  const actor = scheduleActor(job)
  if ('append' in decision) return { append: { actor, ...decision.append } }
  if (decision.type === 'RUN_CREATED') return { ...decision, actor, expect: 'absent' }
  return decision
}
