import type { Bus, Delivery, IncomingMessage } from '@daybook/bus'
import { DaybookError, toProblem } from '@daybook/errors'
import {
  APPEND_REQUEST_LEVELS,
  type AppendLimits,
  type AppendResult,
  createUlids,
  decodeUtf8,
  isTenant,
  parseAppendRequest,
  parseJson,
} from '@daybook/events'
import type { Logger } from '@daybook/runtime'
import type { Batcher } from './batcher.ts'
import type { RefusedMessage } from './store/dead-letters.ts'

export interface HandlerParts {
  bus: Bus
  batcher: Batcher
  logger: Logger
  limits: AppendLimits
  keepDeadLetter: (message: RefusedMessage) => Promise<void>
}

/** The third word of `daybook.rpc.<tenant>.…` and `daybook.queue.<tenant>.…`; the server's permissions vouch for it. */
function tenantOf(subject: string): string {
  const tenant = subject.split('.')[2] ?? ''
  if (!isTenant(tenant))
    throw new DaybookError('invalid-request', `"${tenant}" in the subject is not the name of a tenant.`)
  return tenant
}

/** Checks a request that came as JSON and appends it; the answer comes after the commit. */
async function append(
  { batcher, limits }: HandlerParts,
  { subject, data }: IncomingMessage,
): Promise<AppendResult> {
  // The payload of an event may be as deep as is allowed, and the request has some levels around it.
  const body = parseJson(decodeUtf8(data), { depthMax: limits.depthMax + APPEND_REQUEST_LEVELS })
  const request = parseAppendRequest(body, limits, 'json')
  return { receipts: await batcher.append({ tenant: tenantOf(subject), request }) }
}

/** Answers `daybook.rpc.<tenant>.journal.append`. What it throws, the bus answers as a problem. */
export function whenAppendRequested(parts: HandlerParts) {
  return async (message: IncomingMessage): Promise<string> => JSON.stringify(await append(parts, message))
}

/** Where a receipt may be sent: never into Daybook's own subjects. */
const RECEIPT_SUBJECT = /^(_INBOX[A-Za-z0-9_-]*|daybook\.receipt)\.[^\s*>]+$/

type Verdict = { delivery: Delivery; result: AppendResult } | { delivery: Delivery; reason: DaybookError }

/**
 * Takes a batch of the append queue. All requests are handed over before the first is awaited, in their order.
 * Refused ones become dead letters before they leave the queue; if the journal is unavailable the batch stays queued.
 */
export function whenAppendsQueued(parts: HandlerParts) {
  const nextId = createUlids()
  return async (deliveries: Delivery[]): Promise<void> => {
    const verdicts = await Promise.all(deliveries.map((delivery) => judge(parts, delivery)))
    const blocked = verdicts.find((verdict) => 'reason' in verdict && verdict.reason.retry === 'later')
    if (blocked !== undefined && 'reason' in blocked) throw blocked.reason
    for (const verdict of verdicts) {
      if ('reason' in verdict) await refuse(parts, verdict, nextId())
      else answer(parts.bus, verdict.delivery, verdict.result)
      verdict.delivery.ack()
    }
  }
}

async function judge(parts: HandlerParts, delivery: Delivery): Promise<Verdict> {
  try {
    checkReceiptSubject(delivery)
    return { delivery, result: await append(parts, delivery) }
  } catch (error) {
    const reason =
      error instanceof DaybookError
        ? error
        : new DaybookError('internal', 'The message could not be handled.', { cause: error })
    return { delivery, reason }
  }
}

function receiptSubjectOf(delivery: Delivery): string | undefined {
  return delivery.headers['Daybook-Receipt-To']
}

function checkReceiptSubject(delivery: Delivery): void {
  const subject = receiptSubjectOf(delivery)
  if (subject !== undefined && !RECEIPT_SUBJECT.test(subject)) {
    throw new DaybookError(
      'invalid-request',
      'Daybook-Receipt-To must be an inbox (_INBOX.…) or begin with daybook.receipt.',
    )
  }
}

function answer(bus: Bus, delivery: Delivery, body: unknown): void {
  const subject = receiptSubjectOf(delivery)
  if (subject !== undefined && RECEIPT_SUBJECT.test(subject)) bus.publish(subject, JSON.stringify(body))
}

async function refuse(
  parts: HandlerParts,
  { delivery, reason }: { delivery: Delivery; reason: DaybookError },
  id: string,
): Promise<void> {
  const { subject, headers, data } = delivery
  // A message under a name that cannot be a tenant's still must not vanish.
  const tenant = isTenant(subject.split('.')[2] ?? '') ? tenantOf(subject) : 'main'
  await parts.keepDeadLetter({ id, tenant, source: 'journal-queue', subject, headers, body: data, reason })
  parts.logger.warn(
    { deadLetterId: id, code: reason.code, subject },
    'a queued append was refused and kept as a dead letter',
  )
  answer(parts.bus, delivery, toProblem(reason))
}
