import type { Bus } from '@daybook/bus'
import type { Database } from '@daybook/database'
import type { JournalEvent } from '@daybook/events'
import type { Logger } from '@daybook/runtime'
import type { Transaction } from 'kysely'
import type { CheckpointOwner } from './checkpoint.ts'
import type { ProjectionMetrics } from './observe.ts'

/** What a projection is: which events, and what they change. */
export interface ProjectionSpec<DB> extends CheckpointOwner {
  database: Database<DB>
  /**
   * Writes what the events change, in the order given, through `trx` only: it may run again after a conflict.
   * What it throws stops the projection at that event until it no longer throws.
   */
  apply(trx: Transaction<DB>, events: readonly JournalEvent[]): Promise<void>
  /** Empties the read model's tables, for a rebuild from position 0. */
  reset(trx: Transaction<DB>): Promise<void>
  /** Where messages come from. Without it, and while the bus is down, the journal is read every `compareMs`. */
  consumer?: { bus: Bus; stream: string; durable: string }
  logger: Logger
  metrics?: ProjectionMetrics
  /** How often the projection compares itself with the journal. */
  compareMs?: number
  /** Events per transaction. */
  batchMax?: number
}

/** Why a projection does not get on. It goes on trying. */
export interface ProjectionFailure {
  /** The event that cannot be applied; absent if it is not about one event, such as a lost database. */
  position?: number
  detail: string
  attempts: number
}

/** A projection that runs. Disposing it lets the transaction on its way finish. */
export interface Projection<DB> extends AsyncDisposable {
  /** Every event of its kinds up to this position of the journal has been applied. */
  readonly position: number
  /** Positions between `position` and the last known head of the journal; undefined before the first look at it. */
  readonly lag: number | undefined
  readonly failure: ProjectionFailure | undefined
  /** Waits until `position` is reached and answers whether it was in time. Does not wait for the relay. */
  waitFor(position: number, timeoutMs: number): Promise<boolean>
  /** Calls the listener whenever `position` has grown; answers how to stop it. */
  onAdvance(listener: (position: number) => void): () => void
  /** Reads the read model for one tenant (see `Database.asTenant`) and tells how far it was in that snapshot. */
  read<T>(tenant: string, work: (trx: Transaction<DB>) => Promise<T>): Promise<PositionedRead<T>>
}

/** What was read, and the position up to which the read model was complete then. */
export interface PositionedRead<T> {
  value: T
  position: number
}
