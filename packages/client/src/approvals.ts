import { DaybookError } from '@daybook/errors'
import {
  type Approval,
  type ApprovalDetails,
  type ApprovalStatus,
  type Decision,
  readLines,
} from '@daybook/events'
import { isApproval, one, type Page, toPage } from './answers.ts'
import { awaitApproval, type WaitOptions } from './await-approval.ts'
import { backoffMs, pause } from './backoff.ts'
import { connectionError } from './connection-error.ts'
import type { ReadOptions } from './daybook.ts'
import type { Http, HttpRequest } from './http.ts'
import { everyPage } from './pages.ts'
import type { OfRun } from './run-commands.ts'

/** Which approvals. */
export interface ApprovalFilter {
  readonly status?: ApprovalStatus
  readonly decision?: Decision
  readonly runId?: string
  /** Asked at this instant or later, and before that one: ISO 8601, UTC. */
  readonly since?: string
  readonly until?: string
}

/** What a person decides. */
export interface ApprovalDecision extends OfRun {
  readonly decision: Decision
  /** Why; it is kept. */
  readonly reason: string
  /** How far it reaches, in words of the two who agreed on them. */
  readonly scope?: string
}

/** What runs ask people. */
export interface Approvals {
  /** In the order of asking; with `reverse` those asked last come first. */
  list(filter?: ApprovalFilter & { readonly reverse?: boolean }): AsyncIterable<Approval>
  page(
    filter?: ApprovalFilter & {
      readonly reverse?: boolean
      readonly limit?: number
      readonly cursor?: string
    },
  ): Promise<Page<Approval>>
  /** With the task, its inputs and the answer. Throws `not-found`, `ambiguous-id`. */
  get(effectId: string, options?: OfRun & ReadOptions): Promise<ApprovalDetails>
  /**
   * Waits until it is decided or withdrawn, over as many connections as it takes. Still pending only when the signal was
   * aborted. Throws as `get`.
   */
  wait(effectId: string, options?: OfRun & WaitOptions): Promise<ApprovalDetails>
  /**
   * Decides, once: throws `already-decided` when somebody else was faster (details: the first decision), and
   * `invalid-transition` when nobody needs it any more. To repeat one's own decision is no error, so a lost answer is
   * asked for again. Needs the scope `approve`.
   */
  decide(effectId: string, decision: ApprovalDecision): Promise<Approval>
  /** The lines of a hash-chained export, to be kept as they are; `verifyApprovalExport` checks them. Ends with the signal. */
  export(filter?: ApprovalFilter & { readonly limit?: number }, signal?: AbortSignal): AsyncIterable<string>
}

const PATH = '/v1/approvals'

/** `timeoutMs` bounds all attempts at one decision together. */
export function openApprovals(http: Http, timeoutMs: number): Approvals {
  const page: Approvals['page'] = async (filter = {}) =>
    toPage(await http.readJson({ path: PATH, query: { ...filter } }), 'approvals', isApproval)
  return {
    page,
    list: (filter = {}) =>
      everyPage((cursor: string | undefined) => page(cursor === undefined ? filter : { ...filter, cursor })),
    get: async (effectId, options = {}) =>
      one(await http.readJson({ path: pathOf(effectId), query: { ...options } }), isApproval),
    wait: (effectId, { runId, ...options } = {}) =>
      awaitApproval(http, { path: pathOf(effectId), query: { runId } }, options),
    decide: (effectId, { runId, ...decision }) => {
      const headers = { 'content-type': 'application/json' }
      const body = JSON.stringify(decision)
      const request = { method: 'POST' as const, path: pathOf(effectId), query: { runId }, headers, body }
      return decideWithin(http, request, timeoutMs)
    },
    export: (filter = {}, signal = new AbortController().signal) => readExport(http, filter, signal),
  }
}

/** An answer that is late may be lost; a shorter wait than for all attempts together leaves time for another one. */
const ATTEMPT_TIMEOUT_MS = 4_000

/** Sends it again until the deadline: the same decision of the same person is made once. */
async function decideWithin(http: Http, request: HttpRequest, timeoutMs: number): Promise<Approval> {
  const deadline = performance.now() + timeoutMs
  for (let attempt = 1; ; attempt += 1) {
    const leftMs = Math.max(1, deadline - performance.now())
    try {
      const answer = await http.readJson({ ...request, timeoutMs: Math.min(ATTEMPT_TIMEOUT_MS, leftMs) })
      return one(answer, isApproval)
    } catch (error) {
      const delayMs = backoffMs(attempt)
      const mayPass = error instanceof DaybookError && error.retry === 'later'
      if (!mayPass || performance.now() + delayMs >= deadline) throw error
      await pause(delayMs)
    }
  }
}

async function* readExport(
  http: Http,
  filter: ApprovalFilter,
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const hangUp = new AbortController()
  const request = { path: `${PATH}/export`, query: { ...filter } }
  const response = await http.openStream(request, AbortSignal.any([signal, hangUp.signal]))
  try {
    yield* readLines(response.body ?? new ReadableStream<Uint8Array>())
  } catch (cause) {
    throw connectionError(cause, 'GET', new URL(response.url))
  } finally {
    hangUp.abort()
  }
}

function pathOf(effectId: string): string {
  return `${PATH}/${encodeURIComponent(effectId)}`
}
