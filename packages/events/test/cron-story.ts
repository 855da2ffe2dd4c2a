import {
  type CronCommand,
  type CronDecision,
  type CronJob,
  type CronRun,
  decideCron,
  evolveCron,
  type JobDefinition,
  type Slots,
} from '../src/index.ts'

const HOUR_MS = 60 * 60 * 1000

/** A wish without what the service adds to it. */
type Wish = CronCommand extends infer Command
  ? Command extends unknown
    ? Omit<Command, 'now' | 'slotsOf' | 'chance'>
    : never
  : never

/** Every hour, on the hour, unless the schedule says how often. */
export function hourly(schedule: JobDefinition['schedule']): Slots {
  const everyMs = 'everyMs' in schedule ? schedule.everyMs : HOUR_MS
  return {
    after(instant) {
      const ms = Date.parse(instant)
      if ('at' in schedule) return schedule.at > instant ? schedule.at : undefined
      return new Date(Math.floor(ms / everyMs) * everyMs + everyMs).toISOString()
    },
  }
}

export function jobDefinition(given: Partial<JobDefinition> = {}): JobDefinition {
  return {
    schedule: { everyMs: HOUR_MS },
    action: { do: 'deliver', leaseMs: HOUR_MS },
    concurrency: 'forbid',
    misfire: 'run-once',
    misfireGraceMs: 60_000,
    catchUpLimit: 100,
    jitterMs: 0,
    retry: { maxAttempts: 1, backoffMs: 1_000 },
    cancelTimeoutMs: 60_000,
    keepRuns: 1_000,
    keepDays: 90,
    ...given,
  }
}

/** A job and its journal, where what is decided is appended at once. */
export class CronStory {
  job: CronJob | undefined
  /** As the read model has them: each run as it was changed last. */
  readonly runs = new Map<string, CronRun>()
  readonly decisions: CronDecision[] = []
  readonly keys = new Set<string>()
  seq = 0

  constructor(definition: JobDefinition, now = '2026-11-22T00:00:00.000Z') {
    this.give({ name: 'define', definition }, now)
  }

  /** Answers what was decided. Throws where a header key is given twice. */
  give(wish: Wish, now: string, chance = 0.5): readonly CronDecision[] {
    const command: CronCommand = { ...wish, now, chance, slotsOf: hourly }
    const decided = decideCron(this.job, command)
    for (const decision of decided) this.#append(decision, now)
    return decided
  }

  /** The job as it is, which there has to be. */
  get now(): CronJob {
    if (this.job === undefined) throw new Error('there is no job')
    return this.job
  }

  run(name: string): CronRun {
    const run = this.runs.get(name)
    if (run === undefined) throw new Error(`there is no run ${name}`)
    return run
  }

  /** The payloads of these events were erased, and the job is told. */
  erase(first: number, last: number): void {
    const data = { erasureId: '01K00000000000000000000000', ranges: [{ first, last }] }
    this.seq += 1
    const notice = { type: 'CRON_PAYLOADS_ERASED', stream: 'cron/job', data, seq: this.seq, recordedAt: '' }
    this.job = evolveCron(this.job, notice).job
  }

  #append(decision: CronDecision, recordedAt: string): void {
    this.decisions.push(decision)
    const { stream = 'cron/job', key } = 'append' in decision ? decision.append : decision
    if (key !== undefined) {
      const name = `${stream} ${key}`
      if (this.keys.has(name)) throw new Error(`the key ${name} is given twice`)
      this.keys.add(name)
    }
    if ('append' in decision || stream !== 'cron/job') return
    this.seq += 1
    const evolved = evolveCron(this.job, { ...decision, stream, seq: this.seq, recordedAt })
    this.job = evolved.job
    for (const run of evolved.changed) this.runs.set(run.run, run)
  }
}
