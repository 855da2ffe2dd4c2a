import { firstText, idInHeader, instantAt } from '../names.ts'
import { standardWebhooksScheme } from '../schemes/standard-webhooks.ts'
import type { Platform } from './platform.ts'

/**
 * Whoever sends by Standard Webhooks 1.0 (standardwebhooks.com): `webhook-id` is the same at each attempt, while
 * `webhook-timestamp` is that of the attempt and is not kept. The body is `{type, timestamp, data}`.
 */
export const standardWebhooks: Platform = {
  scheme: standardWebhooksScheme,
  keptHeaders: ['webhook-id'],
  leftOut: [],
  names: ({ headers, value }) => ({
    messageId: idInHeader(headers, 'webhook-id'),
    conversation: firstText(value, ['/data/id']),
    eventTime: instantAt(value, ['/timestamp']),
  }),
}
