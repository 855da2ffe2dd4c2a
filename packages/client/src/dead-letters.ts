import type { Actor, Receipt } from '@daybook/events'
import { hasTexts, isRecord, one, type Page, toPage } from './answers.ts'
import type { Http } from './http.ts'
import { readJsonLines } from './json-lines.ts'
import { everyPage } from './pages.ts'

export type DeadLetterStatus = 'open' | 'requeued' | 'dismissed'

/** What the journal, or a projection, refused, kept with its reason and with what was decided about it. */
export interface DeadLetter {
  readonly id: string
  /** The consumer that refused it: `journal-queue`, or `projection-<name>`. */
  readonly source: string
  readonly subject: string
  /** Of an event that a projection could not apply: its stream is left out from here on. */
  readonly stream?: string
  readonly seq?: number
  readonly position?: number
  /** Why it was refused: a code and a sentence. */
  readonly code: string
  readonly detail: string
  readonly occurrences: number
  readonly firstSeenAt: string
  readonly lastSeenAt: string
  readonly bytes: number
  readonly status: DeadLetterStatus
  /** When it was accepted after all. */
  readonly resolvedAt?: string
}

/** One entry of a dead letter's history. */
export interface DeadLetterDecision {
  readonly action: 'requeued' | 'dismissed' | 'reopened' | 'resolved'
  /** Of a requeue that was refused again: its code. */
  readonly outcome?: string
  readonly actor: Actor
  readonly reason: string
  readonly at: string
}

/** A dead letter with what it said, and with its history. */
export interface DeadLetterContent extends DeadLetter {
  readonly headers: Readonly<Record<string, string>>
  /** As text where it is UTF-8, otherwise in base64. */
  readonly body: string
  readonly encoding: 'utf8' | 'base64'
  /** Oldest first. */
  readonly decisions: readonly DeadLetterDecision[]
}

export interface DeadLetterFilter {
  readonly status?: DeadLetterStatus
  readonly source?: string
  readonly code?: string
}

/** Why; it is kept, with the actor of the token. */
export interface Decision {
  readonly reason: string
}

export interface DeadLetters {
  /** Newest first. */
  list(filter?: DeadLetterFilter & { readonly limit?: number }): AsyncIterable<DeadLetter>
  page(
    filter?: DeadLetterFilter & { readonly limit?: number; readonly before?: string },
  ): Promise<Page<DeadLetter>>
  /** Throws `not-found`. */
  get(id: string): Promise<DeadLetterContent>
  /**
   * Tries again. A message is appended, and answered with its receipts; an event's stream is taken up again soon after.
   * Throws `not-found`, `already-settled`, and what the append is refused for: the dead letter is then open, as before.
   */
  requeue(
    id: string,
    decision: Decision,
  ): Promise<{ readonly deadLetter: DeadLetterContent; readonly receipts: readonly Receipt[] }>
  /** Takes note of it. Throws `not-found`, `already-settled`. */
  dismiss(id: string, decision: Decision): Promise<DeadLetterContent>
  /** All that fit with their contents, newest first, in one request. Ends with the signal. */
  export(filter?: DeadLetterFilter, signal?: AbortSignal): AsyncIterable<DeadLetterContent>
}

const PATH = '/v1/dead-letters'

export function openDeadLetters(http: Http): DeadLetters {
  const page: DeadLetters['page'] = async (filter = {}) =>
    toPage(await http.readJson({ path: PATH, query: { ...filter } }), 'deadLetters', isDeadLetter)
  const decide = async (id: string, action: string, decision: Decision) => {
    const headers = { 'content-type': 'application/json' }
    const path = `${PATH}/${encodeURIComponent(id)}/${action}`
    const body = JSON.stringify(decision)
    return one(await http.readJson({ method: 'POST', path, body, headers }), isSettled)
  }
  return {
    page,
    list: (filter = {}) =>
      everyPage((before: string | undefined) => page(before === undefined ? filter : { ...filter, before })),
    get: async (id) =>
      one(await http.readJson({ path: `${PATH}/${encodeURIComponent(id)}` }), isDeadLetterContent),
    requeue: async (id, decision) => {
      const { deadLetter, receipts = [] } = await decide(id, 'requeue', decision)
      return { deadLetter, receipts }
    },
    dismiss: async (id, decision) => (await decide(id, 'dismiss', decision)).deadLetter,
    export: (filter = {}, signal = new AbortController().signal) =>
      readJsonLines(
        http,
        { path: `${PATH}/export`, query: { ...filter } },
        { isItem: isDeadLetterContent, signal },
      ),
  }
}

function isDeadLetter(value: unknown): value is DeadLetter {
  return hasTexts(value, 'id', 'code', 'detail', 'status')
}

function isDeadLetterContent(value: unknown): value is DeadLetterContent {
  return isDeadLetter(value) && hasTexts(value, 'body', 'encoding') && 'decisions' in value
}

function isSettled(value: unknown): value is { deadLetter: DeadLetterContent; receipts?: Receipt[] } {
  return isRecord(value) && isDeadLetterContent(value['deadLetter'])
}
