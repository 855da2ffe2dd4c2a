import type { SampleMessage } from './sample-message.ts'

/** What a system told whoever brought a message. `untold`: it does not say whether it had the message before. */
export type Received = 'new' | 'duplicate' | 'untold'

/** One system under test. It keeps no connections between two measurements: an idle one costs its neighbours. */
export interface InboundScenario {
  name: string
  label: string
  /** Whose version the report names. */
  packageName: string
  /** What Daybook does in the same measurement, and this one does not. */
  lacks: readonly string[]
  /** Empties a peer, so that each measurement is its best case; Daybook keeps what it has, and is given a new source. */
  open(options: SessionOptions): Promise<InboundSession>
}

export interface SessionOptions {
  callers: number
  /** The source whose messages are brought; new for each measurement. */
  source: string
}

/** The connections of one measurement. */
export interface InboundSession extends AsyncDisposable {
  /** Resolves when the message is stored for good, or was before; rejects otherwise. */
  receive(message: SampleMessage): Promise<Received>
  /**
   * Starts so many workers, as the system's users do; each has one message at a time. The work itself is nothing.
   * Disposing stops them. What goes wrong is told to `failed`.
   */
  work(workers: number, on: WorkEvents): Promise<AsyncDisposable>
  /** Messages that the system holds of this source, finished or not, or has worked off. */
  count(): Promise<number>
  /** Waits for, or does, what follows later (a projection, an autovacuum), so that it is in nobody's measurement. */
  settle?(signal: AbortSignal): Promise<void>
}

export interface WorkEvents {
  /** A worker was given the message. */
  claimed(message: WorkedMessage): void
  /** The end of the work is stored for good. */
  completed(message: WorkedMessage): void
  failed(error: unknown): void
}

export type WorkedMessage = Pick<SampleMessage, 'conversation' | 'messageId'>
