import type { Bus } from '@daybook/bus'
import type { Database } from '@daybook/database'
import type { JournalEvent, Upcast } from '@daybook/events'
import type { Logger, Tracing } from '@daybook/runtime'
import type { QueryExecutorProvider, Transaction } from 'kysely'
import type { CheckpointOwner } from './checkpoint.ts'
import type { ProjectionMetrics } from './observe.ts'
import type { LeftOutEvent, ParkedReads } from './parking.ts'
import type { PayloadArchive } from './payload-archive.ts'

/** What a projection is: which events, and what they change. */
export interface ProjectionSpec<DB> extends CheckpointOwner {
  database: Database<DB>
  /**
   * Writes what the events change, in the order given, through `trx` only: it may run again after a conflict.
   * What it throws because of an event parks that event's stream: it is left out from there on, until it is requeued.
   * So what it makes of a stream must not depend on other streams.
   */
  apply: ApplyEvents<DB>
  /**
   * Told of the events that are left out, after `apply`: some must take effect on what was applied of their stream before,
   * such as erasures. They are applied as well when the stream is requeued.
   */
  applyLeftOut?(trx: Transaction<DB>, leftOut: readonly LeftOutEvent[]): Promise<void>
  /** How events of old versions become new ones before they are applied; those of Daybook's own types unless told. */
  upcast?: Upcast
  /** Where payloads are that were archived. Without it, an archived event is waited for. */
  archive?: PayloadArchive
  /** Empties the read model's tables, for a rebuild from position 0. */
  reset(trx: Transaction<DB>): Promise<void>
  /** Where messages come from. Without it, and while the bus is down, the journal is read every `compareMs`. */
  consumer?: { bus: Bus; stream: string; durable: string }
  logger: Logger
  metrics?: ProjectionMetrics
  tracing?: Tracing | undefined
  /** How often the projection compares itself with the journal. */
  compareMs?: number
  /** Events per transaction. */
  batchMax?: number
  /** Streams that may be parked before anybody has looked at one; see `Committer`. */
  parkedOpenMax?: number
  /**
   * The tables exist in generations: a new one is built beside the one that runs, and switched in (see `startRebuilds`).
   * Then `schema` has the table `generations` and its functions, and `apply`, `reset` and reads name tables without a
   * schema. Without this, there is one set of tables for ever.
   */
  generations?: GenerationsSpec<DB>
  /** Built beside the one that runs, whose dead letters are not to be resolved by what happens here. */
  isBeside?: boolean
  /** Whether events may still be applied to these tables; always, where this is left out. */
  isCurrent?(executor: QueryExecutorProvider): Promise<boolean>
}

/** Writes what events change; see `ProjectionSpec.apply`. */
export type ApplyEvents<DB> = (trx: Transaction<DB>, events: readonly JournalEvent[]) => Promise<void>

/** What a projection with generations knows of its own past. */
interface GenerationsSpec<DB> {
  /** By version: how earlier code applied events. It keeps its tables fresh while those of this version are built. */
  earlier?: Readonly<Record<number, ApplyEvents<DB>>>
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
  /** Every event of its kinds up to this position has been applied, those of parked streams left out. */
  readonly position: number
  /** Positions between `position` and the last known head of the journal; undefined before the first look at it. */
  readonly lag: number | undefined
  readonly failure: ProjectionFailure | undefined
  /** Streams that are left out since one of their events cannot be applied, as of the last comparison. */
  readonly parkedStreams: number
  /** Which these are; asked in `read`, in the same snapshot as what is read. */
  readonly parked: ParkedReads
  /** Waits until `position` is reached and answers whether it was in time. Does not wait for the relay. */
  waitFor(position: number, timeoutMs: number): Promise<boolean>
  /** Compares itself with the journal at once, also where a failure would make it wait. */
  compareNow(): void
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
