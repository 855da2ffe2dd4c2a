import type { NewJob } from '@daybook/client'
import { type Command, Option } from 'commander'
import { durationOption } from '../duration-option.ts'
import { laterHelp, laterOption } from '../later-option.ts'
import { wholeNumber } from '../option-values.ts'

/** How a job runs, as options say it. */
export interface PolicyOptions {
  readonly description?: string
  readonly concurrency?: 'forbid' | 'replace' | 'queue-one' | 'allow'
  readonly misfire?: 'skip' | 'run-once' | 'catch-up' | 'review'
  readonly grace?: number
  readonly catchUpLimit?: number
  readonly jitter?: number
  readonly startAt?: string
  readonly endAt?: string
  readonly maxRuns?: number
  readonly maxAttempts?: number
  readonly backoff?: number
  readonly timeout?: number
  readonly cancelTimeout?: number
  readonly keepRuns?: number
  readonly keepDays?: number
}

/** Above it a server has better words than an option. */
const COUNT_MAX = 1_000_000_000

export function withPolicies(command: Command): Command {
  const count = wholeNumber(1, COUNT_MAX)
  return command
    .option('--description <text>', 'what it is for')
    .addOption(
      new Option(
        '--concurrency <policy>',
        'when the last run has not ended: skip the new one, cancel the last one for it, let one wait, or run both (default: forbid)',
      ).choices(['forbid', 'replace', 'queue-one', 'allow']),
    )
    .addOption(
      new Option(
        '--misfire <policy>',
        'what becomes of missed times: nothing, the latest runs, all run, or a person decides (default: run-once)',
      ).choices(['skip', 'run-once', 'catch-up', 'review']),
    )
    .option('--grace <duration>', 'so late is still on time (default: 1m)', durationOption)
    .option('--catch-up-limit <n>', 'of catch-up and review: the newest so many (default: 100)', count)
    .option('--jitter <duration>', 'start each run up to so much later (default: 0s)', durationOption)
    .option('--start-at <when>', `no times before; ${laterHelp}`, laterOption)
    .option('--end-at <when>', 'no times after', laterOption)
    .option('--max-runs <n>', 'so many runs of its times, then it has ended', count)
    .option('--max-attempts <n>', 'how often one run is tried (default: 1)', count)
    .option(
      '--backoff <duration>',
      'before the second attempt; then twice as long each time (default: 10s)',
      durationOption,
    )
    .option(
      '--timeout <duration>',
      'a run has timed out after so long, with all its attempts',
      durationOption,
    )
    .option(
      '--cancel-timeout <duration>',
      'a run that was asked to end is given up after so long (default: 1m)',
      durationOption,
    )
    .option('--keep-runs <n>', 'how many ended runs are listed (default: 1000)', wholeNumber(0, COUNT_MAX))
    .option('--keep-days <n>', 'for how long (default: 90)', count)
}

/** What the options say, in the words of a definition. */
export function policiesOf(options: PolicyOptions): Partial<NewJob> {
  const { description, concurrency, misfire, grace, catchUpLimit, jitter, cancelTimeout } = options
  return {
    ...(description !== undefined && { description }),
    ...(concurrency !== undefined && { concurrency }),
    ...(misfire !== undefined && { misfire }),
    ...(grace !== undefined && { misfireGraceMs: grace }),
    ...(catchUpLimit !== undefined && { catchUpLimit }),
    ...(jitter !== undefined && { jitterMs: jitter }),
    ...(cancelTimeout !== undefined && { cancelTimeoutMs: cancelTimeout }),
    ...boundsOf(options),
  }
}

/** For how long, how often, and what is kept. */
function boundsOf(options: PolicyOptions): Partial<NewJob> {
  const { startAt, endAt, maxRuns, maxAttempts, backoff, timeout, keepRuns, keepDays } = options
  const retry = {
    ...(maxAttempts !== undefined && { maxAttempts }),
    ...(backoff !== undefined && { backoffMs: backoff }),
  }
  return {
    ...(startAt !== undefined && { startAt }),
    ...(endAt !== undefined && { endAt }),
    ...(maxRuns !== undefined && { maxRuns }),
    ...(timeout !== undefined && { timeoutMs: timeout }),
    ...(keepRuns !== undefined && { keepRuns }),
    ...(keepDays !== undefined && { keepDays }),
    ...(Object.keys(retry).length > 0 && { retry }),
  }
}
