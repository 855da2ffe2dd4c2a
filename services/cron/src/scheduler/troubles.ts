import { DaybookError } from '@daybook/errors'
import { LeastRecentlyUsed, type Logger } from '@daybook/runtime'
import type { CronCommands } from '../commands.ts'
import { scheduleActor } from '../cron-decider.ts'
import { type JobKey, jobKey } from '../jobs/job-states.ts'
import type { SchedulerMetrics } from './observe.ts'

export interface TroublesParts {
  readonly commands: Pick<CronCommands, 'execute'>
  readonly logger: Logger
  readonly metrics: SchedulerMetrics
}

/** Jobs that could not be decided about. */
export interface Troubles {
  /** Answers in how many milliseconds the job is to be tried again; of one that was set aside it is told by its events. */
  meet(key: JobKey, error: unknown): Promise<number | undefined>
  /** The job was decided about. */
  end(key: JobKey): void
  has(key: JobKey): boolean
}

/** Of such an error it is not known whose fault it is. If it comes as often as this, it is the job's. */
const DOUBTFUL_TRIES_MAX = 5
const PAUSE_MS_MIN = 100
/** When the journal is back, nothing should wait much longer than a look takes place anyway. */
const PAUSE_MS_MAX = 5_000
/** Of a job that can neither be decided about nor set aside, until a person has seen what is logged. */
const HOPELESS_PAUSE_MS_MAX = 60_000
/** Forgotten, a job is tried once more at once; that is all. */
const KEPT_MAX = 10_000
/** As long as the schema of the event has it. */
const MESSAGE_LENGTH_MAX = 4_000

/**
 * 1. What passes (the journal is away, or has too much to do) is tried again and never the job's fault.
 * 2. What would be refused again sets the job aside: it waits for a person, and costs the others nothing.
 * 3. What nobody foresaw is tried a few times, and then as 2.
 * 4. A job that cannot even be set aside is logged and tried ever more rarely, by itself.
 */
class JobTroubles implements Troubles {
  readonly #parts: TroublesParts
  readonly #tries = new LeastRecentlyUsed<number>(KEPT_MAX)

  constructor(parts: TroublesParts) {
    this.#parts = parts
  }

  has({ tenant, job }: JobKey): boolean {
    return this.#tries.get(jobKey(tenant, job)) !== undefined
  }

  end({ tenant, job }: JobKey): void {
    this.#tries.delete(jobKey(tenant, job))
  }

  async meet(key: JobKey, error: unknown): Promise<number | undefined> {
    const { logger } = this.#parts
    const { tenant, job } = key
    const tries = (this.#tries.get(jobKey(tenant, job)) ?? 0) + 1
    this.#tries.set(jobKey(tenant, job), tries)
    if (mayPass(error) || (isDoubtful(error) && tries < DOUBTFUL_TRIES_MAX)) {
      if (tries === 1)
        logger.warn({ tenant, job, err: error }, 'a job could not be decided about; it is tried again')
      return Math.min(PAUSE_MS_MAX, PAUSE_MS_MIN * 2 ** (tries - 1))
    }
    if (await this.#setAside(key, error)) return undefined
    return Math.min(HOPELESS_PAUSE_MS_MAX, PAUSE_MS_MIN * 2 ** (tries - 1))
  }

  /** Answers whether the job waits for a person now. */
  async #setAside({ tenant, job }: JobKey, error: unknown): Promise<boolean> {
    const { commands, logger, metrics } = this.#parts
    const code = error instanceof DaybookError ? error.code : 'internal'
    const message = (error instanceof Error ? error.message : String(error)).slice(0, MESSAGE_LENGTH_MAX)
    try {
      const author = { tenant, actor: scheduleActor(job) }
      const { receipts } = await commands.execute({ author, job, wish: { name: 'set-aside', code, message } })
      if (receipts.length > 0) {
        metrics.setAside(code)
        logger.error({ tenant, job, code, err: error }, 'a job cannot be decided about; it was set aside')
        this.end({ tenant, job })
        return true
      }
      logger.error({ tenant, job, code, err: error }, 'a job cannot be decided about, set aside as it is')
    } catch (failure) {
      logger.error(
        { tenant, job, err: failure, cause: error },
        'a job cannot be decided about, and not be set aside',
      )
    }
    return false
  }
}

/** 1 */
function mayPass(error: unknown): boolean {
  return error instanceof DaybookError && error.retry === 'later' && error.code !== 'internal'
}

/** 3 */
function isDoubtful(error: unknown): boolean {
  return !(error instanceof DaybookError) || error.code === 'internal' || error.code === 'key-reused'
}

/** See `Troubles`. */
export function jobTroubles(parts: TroublesParts): Troubles {
  return new JobTroubles(parts)
}
