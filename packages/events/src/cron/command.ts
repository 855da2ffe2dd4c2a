import type { JsonValue } from '@daybook/errors'
import type { AttemptFailure } from '../inbound/command.ts'
import type { JobDefinition, Schedule } from './definition.ts'

/** The times of a schedule. Pure: the same question has the same answer, whoever asks. */
export interface Slots {
  /** The first time after that instant; undefined when there is none any more. Both ISO 8601, UTC, milliseconds. */
  after(instant: string): string | undefined
}

interface Circumstances {
  /** By the clock that decides what is due. */
  readonly now: string
  /** Code: `invalid-schedule` for one that an update of the time zone data, or of Daybook, has made unreadable. */
  readonly slotsOf: (schedule: Schedule) => Slots
  /** From 0 up to 1: by it pauses before further attempts differ. */
  readonly chance: number
}

interface OfRun extends Circumstances {
  readonly run: string
}

/** A wish about one job. */
export type CronCommand =
  | ({ readonly name: 'define'; readonly definition: JobDefinition } & Circumstances)
  /** `ifRevision`: only if that event said the definition. Code: `conflict`. */
  | ({
      readonly name: 'update'
      readonly definition: JobDefinition
      readonly ifRevision?: number
    } & Circumstances)
  | ({ readonly name: 'pause' | 'resume' | 'delete'; readonly reason?: string } & Circumstances)
  | ({ readonly name: 'set-aside'; readonly code: string; readonly message: string } & Circumstances)
  /** Time has passed. */
  | ({ readonly name: 'tick' } & Circumstances)
  | ({ readonly name: 'run-now'; readonly requestId: string } & Circumstances)
  | ({
      readonly name: 'backfill'
      readonly backfillId: string
      readonly slots: readonly string[]
    } & Circumstances)
  /** A held run: a person has decided. */
  | ({ readonly name: 'approve' | 'dismiss'; readonly reason?: string } & OfRun)
  | ({ readonly name: 'cancel'; readonly reason?: string } & OfRun)
  | ({
      readonly name: 'claim'
      readonly worker: string
      readonly claimId: string
      readonly leaseMs?: number
    } & OfRun)
  | ({ readonly name: 'extend'; readonly token: number; readonly leaseMs?: number } & OfRun)
  /** Without having done it. */
  | ({ readonly name: 'release'; readonly token: number; readonly reason: string } & OfRun)
  | ({
      readonly name: 'finish'
      readonly token: number
      readonly status: 'succeeded' | 'failed' | 'cancelled'
      readonly result?: JsonValue
      /** Of failed. */
      readonly error?: AttemptFailure
    } & OfRun)
  /** What an attempt without a worker came to: a message was published, or the run that it started has ended. */
  | ({
      readonly name: 'ended'
      readonly attempt: number
      readonly status: 'succeeded' | 'failed' | 'cancelled'
      readonly result?: JsonValue
      readonly error?: AttemptFailure
    } & OfRun)

export type CronCommandOf<Name extends CronCommand['name']> = Extract<CronCommand, { name: Name }>
