import { firstText, idInHeader } from '../names.ts'
import { githubScheme } from '../schemes/hmac.ts'
import type { Platform } from './platform.ts'

/** By what an event happened in, from the nearest: apps and organizations have some without a repository. */
const CONVERSATION = ['/repository/full_name', '/organization/login', '/installation/id', '/sender/login']

/**
 * GitHub (docs.github.com, "Webhook events and payloads: Delivery headers"). Its delivery id is the same when a delivery is
 * made again, by hand or over the API ("Best practices for using webhooks: Use the X-GitHub-Delivery header"). It tells no
 * one time for all events.
 */
export const github: Platform = {
  scheme: githubScheme,
  keptHeaders: [
    'x-github-event',
    'x-github-delivery',
    'x-github-hook-id',
    'x-github-hook-installation-target-id',
    'x-github-hook-installation-target-type',
  ],
  leftOut: [],
  names: ({ headers, value }) => ({
    messageId: idInHeader(headers, 'x-github-delivery'),
    conversation: firstText(value, CONVERSATION),
    eventTime: undefined,
  }),
}
