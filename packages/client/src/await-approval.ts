import { DaybookError } from '@daybook/errors'
import type { ApprovalDetails } from '@daybook/events'
import { isApproval, oneOf } from './answers.ts'
import { backoffMs, pause } from './backoff.ts'
import type { Http, HttpRequest } from './http.ts'
import { parseAnswer } from './parse-answer.ts'
import { asLoss, framesOf, problemIn } from './tail.ts'

export interface WaitOptions {
  /** Ends the wait. */
  readonly signal?: AbortSignal
  /** Told of the approval once for each connection that finds it pending. */
  readonly onPending?: (approval: ApprovalDetails) => void
}

/**
 * Waits until the approval is not pending any more. Each connection begins with the approval as it is, so nothing is
 * missed while there is none. Still pending only when the signal was aborted. Throws what the first request is refused
 * for, and whatever no repetition can mend.
 */
export async function awaitApproval(
  http: Http,
  request: HttpRequest,
  { signal, onPending }: WaitOptions,
): Promise<ApprovalDetails> {
  let pending: ApprovalDetails | undefined
  for (let losses = 1; ; losses += 1) {
    try {
      return await readUntilSettled(approvalsOf(http, request, signal), (approval) => {
        pending = approval
        onPending?.(approval)
      })
    } catch (error) {
      if (signal?.aborted === true && pending !== undefined) return pending
      const cause = asLoss(error)
      if (cause.retry === 'never' || pending === undefined) throw cause
    }
    await pause(backoffMs(losses), signal)
  }
}

async function readUntilSettled(
  approvals: AsyncIterable<ApprovalDetails>,
  onPending: (approval: ApprovalDetails) => void,
): Promise<ApprovalDetails> {
  for await (const approval of approvals) {
    if (approval.status !== 'pending') return approval
    onPending(approval)
  }
  throw new DaybookError('unavailable', 'The server ended the wait before there was a decision.')
}

async function* approvalsOf(
  http: Http,
  request: HttpRequest,
  signal: AbortSignal | undefined,
): AsyncGenerator<ApprovalDetails, void, undefined> {
  const hangUp = new AbortController()
  const both = signal === undefined ? hangUp.signal : AbortSignal.any([signal, hangUp.signal])
  try {
    const headers = { accept: 'text/event-stream' }
    const response = await http.openStream({ ...request, headers }, both)
    for await (const frame of framesOf(response, hangUp)) {
      if (frame.event === 'error') throw problemIn(frame.data)
      if (frame.event === 'close') return
      yield oneOf(parseAnswer(frame.data, 'The server'), isApproval)
    }
  } finally {
    hangUp.abort()
  }
}
