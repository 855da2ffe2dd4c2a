import type {
  AppendResult,
  BlobRef,
  Draft,
  Effect,
  EventTypeName,
  JournalEvent,
  RunSummary,
} from '@daybook/events'
import type { Page } from './answers.ts'
import type { AppendOptions } from './append.ts'
import type { Approvals } from './approvals.ts'
import type { Cron } from './cron.ts'
import type { DeadLetters } from './dead-letters.ts'
import type { DraftInput, EventOf, NoUserEvents, UserDraftInput, UserTypeName } from './event-types.ts'
import type { Inbound } from './inbound.ts'
import type { RunPast } from './past.ts'
import type { Projections } from './projections.ts'
import type { Retention } from './retention.ts'
import type { OfRun, RunCommands } from './run-commands.ts'
import type { Schemas } from './schemas.ts'
import type { Sessions } from './sessions.ts'
import type { TailOptions } from './tail.ts'
import type { Tokens } from './tokens.ts'
import type { Verification } from './verification.ts'

/** Which events of the journal. */
export interface EventFilter<T extends string = string> {
  /** Events behind this position; 0, the default, is all of them. */
  readonly after?: number
  /** Kinds of streams, such as `run`. */
  readonly kinds?: readonly string[]
  readonly types?: readonly T[]
  /** Any of these streams, such as `run/01K…`. */
  readonly streams?: readonly string[]
  /** Appended by any of these, each as `kind:id`. */
  readonly actors?: readonly string[]
  /** Events in one page: a bound of the request, not of an iteration. */
  readonly limit?: number
}

export interface SubscribeOptions<T extends string = string>
  extends Omit<EventFilter<T>, 'limit' | 'after'>,
    TailOptions {
  /** A position, or `'now'` for only what is journaled from now on. 0, the default, begins with the first event. */
  readonly after?: number | 'now'
}

/** Which events of a stream. */
export interface StreamFilter<T extends string = string> {
  /** Events behind this seq; when reversed, events before it. */
  readonly after?: number
  readonly types?: readonly T[]
  /** Appended by any of these, each as `kind:id`. */
  readonly actors?: readonly string[]
  /** Newest first. */
  readonly reverse?: boolean
  /** Events in one page, at most 1,024: a bound of the request, not of an iteration. */
  readonly limit?: number
}

export interface StreamTailOptions<T extends string = string>
  extends Pick<StreamFilter<T>, 'after' | 'types' | 'actors'>,
    TailOptions {}

export interface RunFilter {
  readonly status?: string
  readonly processId?: string
  readonly sessionId?: string
  /** Created on this day, or at this instant (UTC), or later. */
  readonly since?: string
  /** Created before it. */
  readonly until?: string
  /** `created` by default. By `ended` and `duration` only runs are listed that have ended. */
  readonly sort?: 'created' | 'ended' | 'duration'
  /** `desc`, the newest or the longest first, by default. */
  readonly order?: 'asc' | 'desc'
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

/** A run as the read model has it. */
export interface ReadRun extends RunSummary {
  /** Present if the run is left out from this event on, since it could not be applied: the rest is not in what was read. */
  readonly parked?: { readonly seq: number; readonly position: number; readonly deadLetterId: string }
}

export interface Runs extends RunCommands, RunPast {
  /** Every run that fits, over as many pages as it takes. */
  list(filter?: RunFilter): AsyncIterable<ReadRun>
  page(filter?: RunFilter & { cursor?: string }): Promise<Page<ReadRun>>
  /**
   * Throws `not-found`; `stream-parked` when not even its first event could be applied; with `minPosition`,
   * `position-not-reached` when the read model stays behind.
   */
  get(runId: string, options?: ReadOptions): Promise<ReadRun>
  effects(runId: string, filter?: EffectFilter & ReadOptions): AsyncIterable<Effect>
  /** One effect by its id. Throws `not-found`; `ambiguous-id` when several runs have one with it and none is named. */
  effect(effectId: string, options?: OfRun & ReadOptions): Promise<Effect>
}

export interface Blobs {
  /** Keeps a value once, by its content, and answers with what an event refers to it by. At most 16 MiB. */
  put(content: Uint8Array | string, mediaType: string): Promise<BlobRef>
  /** The content, checked against its hash. Throws `not-found`. */
  get(sha256: string): Promise<Uint8Array<ArrayBuffer>>
}

/** A connection to Daybook. Every failure is a DaybookError with a `code`, and `retry` says whether trying again may help. */
export interface Daybook<Events extends object = NoUserEvents> extends AsyncDisposable {
  /** An event to append, with an id of its own. */
  draft<T extends EventTypeName>(input: DraftInput<T>): Draft
  draft<T extends UserTypeName<Events>>(input: UserDraftInput<Events, T>): Draft
  /**
   * Appends at most 1,000 events, all or none, and returns when they are committed. Lost answers are asked for again
   * with the same ids; `timeout` means that the outcome is unknown, and that the same call may be repeated.
   */
  append(drafts: Draft | readonly Draft[], options?: AppendOptions): Promise<AppendResult>
  /** The journal as it is now, oldest first, over as many pages as it takes. */
  events<const T extends string>(filter?: EventFilter<T>): AsyncIterable<EventOf<T, Events>>
  eventsPage<const T extends string>(filter?: EventFilter<T>): Promise<Page<EventOf<T, Events>, number>>
  /** The last events, oldest first, at most 100 and 2 MiB: kept in memory by the server, so cheap to ask for. */
  recentEvents(limit?: number): Promise<readonly JournalEvent[]>
  /** The journal as it grows; goes on behind the last event after a lost connection, until the signal is aborted. */
  subscribe<const T extends string>(options?: SubscribeOptions<T>): AsyncIterable<EventOf<T, Events>>
  /** One stream (`run/01K…`) as it is now. */
  stream<const T extends string>(name: string, filter?: StreamFilter<T>): AsyncIterable<EventOf<T, Events>>
  streamPage<const T extends string>(
    name: string,
    filter?: StreamFilter<T>,
  ): Promise<Page<EventOf<T, Events>, number>>
  /** One stream as it grows. */
  follow<const T extends string>(
    name: string,
    options?: StreamTailOptions<T>,
  ): AsyncIterable<EventOf<T, Events>>
  readonly runs: Runs
  readonly sessions: Sessions
  /** What runs ask people. */
  readonly approvals: Approvals
  /** Messages from chat platforms and webhooks, and the replies to them. */
  readonly inbound: Inbound
  /** Jobs, which run on a schedule, and their runs. */
  readonly cron: Cron
  readonly blobs: Blobs
  readonly deadLetters: DeadLetters
  readonly schemas: Schemas
  readonly retention: Retention
  readonly projections: Projections
  readonly verification: Verification
  /** Who may call. */
  readonly tokens: Tokens
  health(): Promise<Health>
}
