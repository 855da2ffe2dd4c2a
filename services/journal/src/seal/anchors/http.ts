import { DaybookError } from '@daybook/errors'
import type { Anchor } from './anchor.ts'

/** An endpoint that takes longer is as good as away. */
const TIMEOUT_MS = 10_000

/**
 * Posts checkpoints to one endpoint, which its operator has named; nothing that came over the network ever chooses where
 * it goes. Redirects are refused for the same reason: whoever answers there must not be able to send us elsewhere, to an
 * address that only this host can reach. The answer is not read.
 */
export function httpAnchor(url: string, authorization?: string): Anchor {
  return {
    name: 'http',
    async put({ note }, signal) {
      const response = await fetch(url, {
        method: 'POST',
        redirect: 'error',
        headers: { 'content-type': 'text/plain; charset=utf-8', ...(authorization && { authorization }) },
        body: note,
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      })
      await response.body?.cancel()
      if (response.ok) return url
      throw new DaybookError(
        'unavailable',
        `The anchor answered ${response.status}. It has to take a POST with 2xx.`,
      )
    },
  }
}
