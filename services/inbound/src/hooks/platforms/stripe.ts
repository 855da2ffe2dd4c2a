import { textAt } from '../json-pointer.ts'
import { firstText, instantAt } from '../names.ts'
import { stripeScheme } from '../schemes/stripe.ts'
import type { Platform } from './platform.ts'

/** A customer; where there is none, the connected account; else what the event is about. */
const CONVERSATION = ['/data/object/customer', '/data/object/customer/id', '/account', '/data/object/id']

/**
 * Stripe (docs.stripe.com/api/events/object). An event keeps its id when it is sent again; how many endpoints still wait
 * for it (`pending_webhooks`) is then another number, and is not kept.
 */
export const stripe: Platform = {
  scheme: stripeScheme,
  keptHeaders: [],
  leftOut: ['/pending_webhooks'],
  names: ({ value }) => ({
    messageId: firstText(value, ['/id']),
    conversation:
      textAt(value, '/data/object/object') === 'customer'
        ? firstText(value, ['/data/object/id'])
        : firstText(value, CONVERSATION),
    eventTime: instantAt(value, ['/created']),
  }),
}
