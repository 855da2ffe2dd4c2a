import { type CronRun, endedRunStates, jobPhases, openRunStates } from '@daybook/events'
import { hasNumbers, hasTexts, isListOf, isRecord } from './answers.ts'
import type { BackfillAnswer } from './cron-commands.ts'
import type { NextTimes, ReadJob } from './cron-reads.ts'
import type { ClaimedRun, RunLease } from './cron-work.ts'
import { isLease } from './worker-lease.ts'

/** These look, as those of answers.ts do, at the members which a program takes apart. */
const ofJobs: ReadonlySet<string> = new Set([...jobPhases, 'ended'])
const ofRuns: ReadonlySet<string> = new Set([...openRunStates, ...endedRunStates])

export function isReadJob(value: unknown): value is ReadJob {
  return (
    hasTexts(value, 'name', 'state', 'createdAt', 'updatedAt') &&
    ofJobs.has(value.state) &&
    hasNumbers(value, 'revision') &&
    isRecord(value['counts']) &&
    isListOf(value['open'], isCronRun)
  )
}

export function isCronRun(value: unknown): value is CronRun {
  return hasTexts(value, 'run', 'state', 'cause') && ofRuns.has(value.state) && hasNumbers(value, 'attempt')
}

export function isRunAnswer(value: unknown): value is { run: CronRun } {
  return isRecord(value) && isCronRun(value['run'])
}

export function isBackfill(value: unknown): value is BackfillAnswer {
  return hasNumbers(value, 'slots') && isListOf(value['runs'], (run) => typeof run === 'string')
}

export function isNextTimes(value: unknown): value is NextTimes {
  return (
    isRecord(value) &&
    typeof value['tzdata'] === 'string' &&
    isListOf(value['next'], (time) => hasTexts(time, 'at', 'local'))
  )
}

function isClaimedRun(value: unknown): value is ClaimedRun {
  return (
    isLease(value) &&
    hasTexts(value, 'job', 'run', 'cause') &&
    hasNumbers(value, 'attempt') &&
    'payload' in value
  )
}

export function isRunClaims(value: unknown): value is { runs: ClaimedRun[] } {
  return isRecord(value) && isListOf(value['runs'], isClaimedRun)
}

export function isCronLease(value: unknown): value is RunLease {
  return isRecord(value) && isLease(value) && typeof value['cancelRequested'] === 'boolean'
}
