import type { CronCommand } from './command.ts'
import type { CronDecision, TypedCronDecision } from './decision.ts'
import { evolveCron } from './evolve.ts'
import type { CronJob, CronRun } from './job.ts'
import { streamOfJob } from './names.ts'

/** Only leases are known by a seq, and no command both grants one and asks for it. */
const NOT_YET_KNOWN = 0

/**
 * An append takes 1,000 events, and a step at most some hundred: when so many are decided, the rest waits for the next time.
 */
const EVENTS_ENOUGH = 300

type Circumstances = Pick<CronCommand, 'now' | 'slotsOf' | 'chance'>

/**
 * What a command has led to so far, and the job after it: each further decision is made knowing the ones before, by the same
 * rules by which they will be read.
 */
export class Deciding {
  readonly circumstances: Circumstances
  readonly #decisions: CronDecision[] = []
  #job: CronJob

  constructor(job: CronJob, circumstances: Circumstances) {
    this.#job = job
    this.circumstances = circumstances
  }

  get job(): CronJob {
    return this.#job
  }

  get decisions(): readonly CronDecision[] {
    return this.#decisions
  }

  get now(): string {
    return this.circumstances.now
  }

  /** Whether the rest is to be decided another time, which `dueAtOf` will ask for. */
  get isEnough(): boolean {
    return this.#decisions.length >= EVENTS_ENOUGH
  }

  /** A run that has not ended. */
  run(name: string): CronRun | undefined {
    return this.#job.runs.find(({ run }) => run === name)
  }

  /** What happens to the job. */
  add(decision: TypedCronDecision): void {
    const { type, data } = decision
    const correlationId = 'run' in data && typeof data.run === 'string' ? data.run : undefined
    const key = decision.key ?? endKeyOf(decision)
    const known = {
      ...decision,
      ...(correlationId !== undefined && { correlationId }),
      ...(key !== undefined && { key }),
    }
    this.#decisions.push(known)
    const stream = streamOfJob(this.#job.name)
    const event = { ...known, type, data, stream, seq: NOT_YET_KNOWN, recordedAt: this.now }
    this.#job = evolveCron(this.#job, event).job ?? this.#job
  }

  /** What happens in another stream. */
  addElsewhere(decision: CronDecision): void {
    this.#decisions.push(decision)
  }
}

/** A run ends once, whoever decides with whatever knowledge. */
function endKeyOf({ type, data }: TypedCronDecision): string | undefined {
  const isEnd = type === 'CRON_RUN_FINISHED' || type === 'CRON_RUN_TIMED_OUT' || type === 'CRON_RUN_SKIPPED'
  return isEnd ? `end:${data.run}` : undefined
}
