import {
  completeDraft,
  createUlids,
  createUpcast,
  type Draft,
  type EventTypeName,
  ownUpcasters,
  type Upcast,
  type Upcaster,
} from '@daybook/events'
import { activeTrace } from './active-trace.ts'
import { type AppendDoor, appendWithin } from './append.ts'
import { httpAppendDoor } from './append-over-http.ts'
import { openNatsDoor } from './append-over-nats.ts'
import { openApprovals } from './approvals.ts'
import { openCron } from './cron.ts'
import type { Daybook } from './daybook.ts'
import { openDeadLetters } from './dead-letters.ts'
import type { DraftInput, NoUserEvents, UserDraftInput, UserTypeName } from './event-types.ts'
import { type Http, openHttp } from './http.ts'
import { openInbound } from './inbound.ts'
import { openBlobs, readHealth } from './journal-reads.ts'
import { openProjections } from './projections.ts'
import { openReads, subscribe } from './reads.ts'
import { openRetention } from './retention.ts'
import { openRuns } from './runs.ts'
import { openSchemas } from './schemas.ts'
import { openSessions } from './sessions.ts'
import { openTokens } from './tokens.ts'
import { openVerification } from './verification.ts'

export interface ConnectOptions {
  /** The gateway; `http://127.0.0.1:7400` by default. */
  readonly url?: string
  /** When given, appends go to this NATS server (`nats://…`) by request and reply; reads still go over HTTP. */
  readonly nats?: string
  /** Says who calls, and what they may do: `dbk_…`, as `daybook token:create` makes it. */
  readonly token?: string | undefined
  /** Whose journal, over a NATS that lets in anybody; `main` by default. Elsewhere the token decides. */
  readonly tenant?: string
  /** How long one call may take with all its attempts; 10 s by default. Not for tails, which stay open. */
  readonly timeoutMs?: number
  /**
   * How old versions of your own event types become newer ones when they are read, one step for each version. Daybook's
   * own types are always read in their newest version, unless this is `'none'`: then every event is handed out as it was
   * recorded, as who verifies it needs it.
   */
  readonly upcasters?: readonly Upcaster[] | 'none'
}

const defaultUrl = 'http://127.0.0.1:7400'

/** Twice an attempt's own bound, so that one attempt which hangs leaves time for another. */
const defaultTimeoutMs = 10_000

/** Nothing is sent before the first call; over NATS the connection is opened at once. Close it with `await using`. */
export async function connectDaybook<Events extends object = NoUserEvents>(
  options: ConnectOptions = {},
): Promise<Daybook<Events>> {
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs
  const token = options.token === undefined ? {} : { token: options.token }
  const http = openHttp({ url: options.url ?? defaultUrl, timeoutMs, ...token })
  const door =
    options.nats === undefined
      ? httpDoor(http)
      : await openNatsDoor({
          servers: options.nats,
          token: options.token,
          tenant: options.tenant ?? 'main',
        })
  return {
    draft: drafting<Events>(),
    append: (drafts, { expect, timeoutMs: ownTimeoutMs = timeoutMs } = {}) => {
      const events = 'id' in drafts ? [drafts] : [...drafts]
      return appendWithin(door.append, expect === undefined ? { events } : { events, expect }, ownTimeoutMs)
    },
    ...openReads<Events>(http, upcastOf(options.upcasters)),
    runs: openRuns(http, timeoutMs),
    sessions: openSessions(http, timeoutMs),
    approvals: openApprovals(http, timeoutMs),
    inbound: openInbound(http, timeoutMs),
    cron: openCron({ http, timeoutMs, subscribe: (options) => subscribe(http, options) }),
    blobs: openBlobs(http),
    deadLetters: openDeadLetters(http),
    schemas: openSchemas(http),
    retention: openRetention(http),
    projections: openProjections(http),
    verification: openVerification(http),
    tokens: openTokens(http),
    health: () => readHealth(http),
    [Symbol.asyncDispose]: () => door.close(),
  }
}

/** The types are for the compiler of who calls; the server checks the event all the same. */
function drafting<Events extends object>(): Daybook<Events>['draft'] {
  const nextId = createUlids()
  function make<T extends EventTypeName>(input: DraftInput<T>): Draft
  function make<T extends UserTypeName<Events>>(input: UserDraftInput<Events, T>): Draft
  function make(input: AnyDraftInput): Draft {
    return completeDraft({ ...activeTrace(), ...input, id: input.id ?? nextId() })
  }
  return make
}

type AnyDraftInput = Omit<Draft, 'id' | 'v'> & { readonly id?: string; readonly v?: number }

function upcastOf(upcasters: ConnectOptions['upcasters'] = []): Upcast {
  return createUpcast(upcasters === 'none' ? [] : [...ownUpcasters, ...upcasters])
}

interface Door {
  readonly append: AppendDoor
  close(): Promise<void>
}

function httpDoor(http: Http): Door {
  return { append: httpAppendDoor(http), close: async () => undefined }
}
