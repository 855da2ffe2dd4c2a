import type { InboundMessage } from '@daybook/events'
import { one, type Page, toPage } from './answers.ts'
import type { ReadOptions } from './daybook.ts'
import type { Decision } from './dead-letters.ts'
import type { Http } from './http.ts'
import { isMessageState, isReadMessage, isReplayAnswer, isStats } from './inbound-answers.ts'
import type { MessageAnswer } from './inbound-commands.ts'
import { pathOf } from './inbound-path.ts'
import { readJsonLines } from './json-lines.ts'
import { everyPage } from './pages.ts'
import type { Post } from './post.ts'
import { readWhenReached } from './runs.ts'

/** A message as the read model has it. */
export interface ReadMessage extends InboundMessage {
  /** The stream of its conversation. */
  readonly lane: string
  /** The read model has given the payload up, to keep within the limits of the source; `get` reads it in the journal. */
  readonly payloadEvicted?: true
  /** Present if its conversation is left out from this event on, since it could not be applied. */
  readonly parked?: { readonly seq: number; readonly position: number; readonly deadLetterId: string }
}

export interface MessageFilter {
  readonly state?: InboundMessage['state']
  readonly source?: string
  readonly account?: string
  readonly conversation?: string
  /** Messages in one page: a bound of the request, not of an iteration. */
  readonly limit?: number
}

export interface ReplayRequest {
  /** Only tell what would be taken up. */
  readonly dryRun?: boolean
  /** Messages per second. */
  readonly rate?: number
  readonly source?: string
}

/** What was taken up again. */
export interface ReplayAnswer {
  readonly messages: readonly {
    readonly key: string
    readonly lane: string
    readonly state: string
    /** The state before. */
    readonly was: string
  }[]
  readonly total: number
}

/** The messages of one source and account, in numbers. */
export interface InboundStats {
  readonly source: string
  readonly account: string
  readonly messages: Readonly<Record<string, number>>
  readonly replies: Readonly<Record<string, number>>
  /** Messages whose payload the read model keeps: what the limit `maxEntries` bounds. */
  readonly payloads: number
  /** When the oldest pending one was received. */
  readonly oldestPendingAt?: string
  readonly attempts: number
  readonly duplicates: number
  readonly conflicts: number
}

/** What people see and decide. */
export interface InboundOversight {
  /** Has a dead message, or its dead replies, tried again. Codes: `not-found`, `invalid-transition`. Scope `admin`. */
  requeue(key: string, decision: Decision): Promise<MessageAnswer>
  /** Takes note of a message that will not be worked on. Codes: `not-found`, `invalid-transition`. Scope `admin`. */
  dismiss(key: string, decision: Decision): Promise<MessageAnswer>
  /** Settles leases that ran out and offers what is due, in the order of each conversation. Scope `admin`. */
  replay(request?: ReplayRequest): Promise<ReplayAnswer>
  /** Newest first. */
  list(filter?: MessageFilter & ReadOptions): AsyncIterable<ReadMessage>
  page(filter?: MessageFilter & ReadOptions & { readonly cursor?: string }): Promise<Page<ReadMessage>>
  /** Throws `not-found`. */
  get(key: string, options?: ReadOptions): Promise<ReadMessage>
  /** All that fit, the dead ones unless told, in one request. Ends with the signal. Scope `admin`. */
  exportMessages(filter?: Omit<MessageFilter, 'limit'>, signal?: AbortSignal): AsyncIterable<ReadMessage>
  stats(filter?: Pick<MessageFilter, 'source' | 'account'>): Promise<readonly InboundStats[]>
}

const PATH = '/v1/inbound'
/** As long as the server takes things up before it answers. */
const REPLAY_MS = 10_000

/** `timeoutMs` bounds how long a read waits for its `minPosition`. */
export function openInboundOversight(http: Http, post: Post, timeoutMs: number): InboundOversight {
  const page: InboundOversight['page'] = async (filter = {}) =>
    toPage(
      await readWhenReached(http, { path: `${PATH}/messages`, query: { ...filter } }, timeoutMs),
      'messages',
      isReadMessage,
    )
  return {
    requeue: async (key, { reason }) => one(await post(pathOf(key, 'requeue'), { reason }), isMessageState),
    dismiss: async (key, { reason }) => one(await post(pathOf(key, 'dismiss'), { reason }), isMessageState),
    replay: async (request = {}) =>
      one(await post(`${PATH}/replay`, request, { workMs: REPLAY_MS }), isReplayAnswer),
    page,
    list: (filter = {}) =>
      everyPage((cursor: string | undefined) => page(cursor === undefined ? filter : { ...filter, cursor })),
    get: async (key, options = {}) =>
      one(
        await readWhenReached(http, { path: pathOf(key), query: { ...options } }, timeoutMs),
        isReadMessage,
      ),
    exportMessages: (filter = {}, signal = new AbortController().signal) =>
      readJsonLines(
        http,
        { path: `${PATH}/export`, query: { ...filter } },
        { isItem: isReadMessage, signal },
      ),
    stats: async (filter = {}) =>
      await Array.fromAsync(
        everyPage(async (cursor: string | undefined) => {
          const query = { ...filter, cursor }
          return toPage(await http.readJson({ path: `${PATH}/stats`, query }), 'sources', isStats)
        }),
      ),
  }
}
