import type { Bus, Delivery } from '@daybook/bus'
import { DaybookError } from '@daybook/errors'
import { type Actor, actorOfSubject, subjects } from '@daybook/events'
import { tenantOf } from './subject.ts'

/** What asks for a receipt that nobody waits for. */
const RECEIPT_HEADER = 'Daybook-Receipt-To'
/** An inbox: on a server with accounts the journal may not write there, and nobody else can be meant on others. */
const INBOX = /^_INBOX[A-Za-z0-9_-]*\.[^\s*>]+$/
const WORDS = /^\.[^\s*>]+$/

/**
 * Where a receipt may be sent: never into Daybook's own subjects, nor to another tenant or actor than the one whose append
 * it is, since the journal may publish where the producer may not.
 */
function isReceiptSubject(receiptTo: string, { subject }: Delivery): boolean {
  const author = authorOfSubject(subject)
  if (author === undefined) return false
  const { tenant, actor } = author
  const own = actor === undefined ? `daybook.receipt.${tenant}` : subjects.receiptsOf(tenant, actor)
  if (receiptTo.startsWith(own)) return WORDS.test(receiptTo.slice(own.length))
  return actor === undefined && INBOX.test(receiptTo)
}

/** Undefined for a subject that cannot be read: its message is refused, and the answer to that has nowhere to go. */
function authorOfSubject(subject: string): { tenant: string; actor: Actor | undefined } | undefined {
  try {
    return { tenant: tenantOf(subject), actor: actorOfSubject(subject) }
  } catch {
    return undefined
  }
}

/** Code: `invalid-request`, for a message that asks for its receipt where it may not be sent. */
export function checkReceiptSubject(delivery: Delivery): void {
  const receiptTo = delivery.headers[RECEIPT_HEADER]
  if (receiptTo === undefined || isReceiptSubject(receiptTo, delivery)) return
  throw new DaybookError(
    'invalid-request',
    `${RECEIPT_HEADER} must begin with daybook.receipt, followed by the tenant and, as in the subject, the actor.`,
  )
}

/** Sends the receipts, or the problem, to where the message asks for them. */
export function answer(bus: Bus, delivery: Delivery, body: unknown): void {
  const receiptTo = delivery.headers[RECEIPT_HEADER]
  if (receiptTo !== undefined && isReceiptSubject(receiptTo, delivery))
    bus.publish(receiptTo, JSON.stringify(body))
}
