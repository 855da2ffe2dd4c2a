import type {
  AppendResult,
  BlobRef,
  Draft,
  Effect,
  EventData,
  EventTypeName,
  JournalEvent,
  RunSummary,
} from '@daybook/events'
import type { DeadLetter, DeadLetterContent, Page } from './answers.ts'
import type { AppendOptions } from './append.ts'
import type { TailOptions } from './tail.ts'

/** What a draft is made of; the id is made here unless given, and the compiler checks `data` against `type`. */
export type DraftInput<T extends EventTypeName> = Omit<Draft, 'id' | 'type' | 'v' | 'data'> & {
  readonly id?: string
  readonly type: T
  readonly data: EventData<T>
}

/** Which events of the journal. */
export interface EventFilter {
  /** Events behind this position; 0, the default, is all of them. */
  readonly after?: number
  /** Kinds of streams, such as `run`. */
  readonly kinds?: readonly string[]
  readonly types?: readonly string[]
  /** Events in one page: a bound of the request, not of an iteration. */
  readonly limit?: number
}

export interface SubscribeOptions extends Omit<EventFilter, 'limit' | 'after'>, TailOptions {
  /** A position, or `'now'` for only what is journaled from now on. 0, the default, begins with the first event. */
  readonly after?: number | 'now'
}

/** Which events of a stream. */
export interface StreamFilter {
  /** Events behind this seq; when reversed, events before it. */
  readonly after?: number
  readonly types?: readonly string[]
  /** Newest first. */
  readonly reverse?: boolean
  /** Events in one page, at most 1,024: a bound of the request, not of an iteration. */
  readonly limit?: number
}

export interface StreamTailOptions extends Pick<StreamFilter, 'after' | 'types'>, TailOptions {}

export interface RunFilter {
  readonly status?: string
  readonly processId?: string
  readonly sessionId?: string
  readonly limit?: number
}

export interface EffectFilter {
  readonly status?: string
  readonly kind?: string
}

export interface ReadOptions {
  /** Wait until the answer reflects this position: what was just appended is then in it. */
  readonly minPosition?: number
}

/** Whether the gateway can work, and each part it needs. */
export interface Health {
  readonly ready: boolean
  readonly checks: Readonly<Record<string, HealthCheck>>
}

export interface HealthCheck {
  readonly ok: boolean
  /** Why not. */
  readonly reason?: string
}

export interface Runs {
  /** Every run that fits, over as many pages as it takes. */
  list(filter?: RunFilter): AsyncIterable<RunSummary>
  page(filter?: RunFilter & { cursor?: string }): Promise<Page<RunSummary>>
  /** Throws `not-found`; with `minPosition`, `position-not-reached` when the read model stays behind. */
  get(runId: string, options?: ReadOptions): Promise<RunSummary>
  effects(runId: string, filter?: EffectFilter & ReadOptions): AsyncIterable<Effect>
}

export interface Blobs {
  /** Keeps a value once, by its content, and answers with what an event refers to it by. At most 16 MiB. */
  put(content: Uint8Array | string, mediaType: string): Promise<BlobRef>
  /** The content, checked against its hash. Throws `not-found`. */
  get(sha256: string): Promise<Uint8Array<ArrayBuffer>>
}

export interface DeadLetters {
  /** Newest first. */
  list(filter?: { readonly limit?: number }): AsyncIterable<DeadLetter>
  page(filter?: { readonly limit?: number; readonly before?: string }): Promise<Page<DeadLetter>>
  get(id: string): Promise<DeadLetterContent>
}

/** A connection to Daybook. Every failure is a DaybookError with a `code`, and `retry` says whether trying again may help. */
export interface Daybook extends AsyncDisposable {
  /** An event to append, with an id of its own. */
  draft<T extends EventTypeName>(input: DraftInput<T>): Draft
  /**
   * Appends at most 1,000 events, all or none, and returns when they are committed. Lost answers are asked for again
   * with the same ids; `timeout` means that the outcome is unknown, and that the same call may be repeated.
   */
  append(drafts: Draft | readonly Draft[], options?: AppendOptions): Promise<AppendResult>
  /** The journal as it is now, oldest first, over as many pages as it takes. */
  events(filter?: EventFilter): AsyncIterable<JournalEvent>
  eventsPage(filter?: EventFilter): Promise<Page<JournalEvent, number>>
  /** The journal as it grows; goes on behind the last event after a lost connection, until the signal is aborted. */
  subscribe(options?: SubscribeOptions): AsyncIterable<JournalEvent>
  /** One stream (`run/01K…`) as it is now. */
  stream(name: string, filter?: StreamFilter): AsyncIterable<JournalEvent>
  streamPage(name: string, filter?: StreamFilter): Promise<Page<JournalEvent, number>>
  /** One stream as it grows. */
  follow(name: string, options?: StreamTailOptions): AsyncIterable<JournalEvent>
  readonly runs: Runs
  readonly blobs: Blobs
  readonly deadLetters: DeadLetters
  health(): Promise<Health>
}
