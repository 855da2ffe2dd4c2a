import type { AttemptFailure, CronRun, JsonValue } from '@daybook/events'
import { one } from './answers.ts'
import { isCronLease, isRunAnswer, isRunClaims } from './cron-answers.ts'
import { runPath } from './cron-path.ts'
import type { ClaimOptions, Post } from './post.ts'
import type { GrantedLease } from './worker-lease.ts'

/** Which runs a claim takes. */
export interface RunClaimRequest {
  /** Who works on it: a name that tells processes apart, for people to read. */
  readonly worker: string
  /** The same id again gets the same leases, while they hold: so a claim whose answer was lost is repeated. */
  readonly claimId?: string
  /** Only runs of this job. */
  readonly job?: string
  /** How long the lease is; what the job says unless told. 100 ms to a day. */
  readonly leaseMs?: number
  /** At most 100; 1 unless told. */
  readonly limit?: number
}

/** What the holder of a run's lease shows: the token of its claim, or of its last extension. */
export interface HeldRun {
  readonly job: string
  readonly run: string
  readonly token: number
}

/** A run that is the claimant's until its lease ends. */
export interface ClaimedRun extends HeldRun, GrantedLease {
  /** The time of the schedule that it is for; a run that somebody wanted now is for none. */
  readonly slot?: string
  readonly cause: CronRun['cause']
  /** Which attempt this is; 1 is the first. */
  readonly attempt: number
  /** As the action of the job says; null unless told. */
  readonly payload: JsonValue
  /** It has timed out then, whoever is at it. */
  readonly deadline?: string
}

/** A lease of a run that goes on. */
export interface RunLease extends GrantedLease {
  /** Somebody wants the run to end: `finish` it as cancelled. */
  readonly cancelRequested: boolean
}

/** How a run ended. */
export type RunEnd =
  | { readonly status: 'succeeded'; readonly result?: JsonValue }
  /** It is tried again when the error is retryable and the job allows it. */
  | { readonly status: 'failed'; readonly error: AttemptFailure }
  | { readonly status: 'cancelled'; readonly result?: JsonValue }

/** What workers tell of runs whose action is `deliver`. All throw `lease-lost` once the lease does not hold any more. */
export interface CronWork {
  /** The oldest runs that are due. Empty when there is nothing. */
  claim(claim: RunClaimRequest, options?: ClaimOptions): Promise<readonly ClaimedRun[]>
  /** Needs longer, from now on: `leaseMs`, or as long as the job says. */
  extend(held: HeldRun, leaseMs?: number): Promise<RunLease>
  /** Gives it back without having done it: another worker can have it, and that is no attempt. */
  release(held: HeldRun, reason: string): Promise<CronRun>
  /** It has ended. Repeated with the same token it is answered the same. */
  finish(held: HeldRun, end: RunEnd): Promise<CronRun>
}

export function openCronWork(post: Post): CronWork {
  return {
    claim: async (claim, options) => one(await post('/v1/cron/runs/claim', claim, options), isRunClaims).runs,
    extend: async ({ job, run, token }, leaseMs) =>
      one(await post(runPath(job, run, 'extend'), { token, leaseMs }), isCronLease),
    release: async ({ job, run, token }, reason) =>
      one(await post(runPath(job, run, 'release'), { token, reason }), isRunAnswer).run,
    finish: async ({ job, run, token }, end) =>
      one(await post(runPath(job, run, 'finish'), { token, ...end }), isRunAnswer).run,
  }
}
