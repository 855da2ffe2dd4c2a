import type { ErrorCode } from '@daybook/errors'
import type { Logger, Metrics } from '@daybook/runtime'
import type { Hook } from './hook.ts'
import type { Verdict } from './schemes/scheme.ts'

/** Why a request to a webhook was refused before it was read. */
type HookRefusal = Exclude<Verdict, 'valid'> | 'unknown-hook'

/** Counts what comes in at webhooks. Names that only a request gave are no labels: anybody can make them up. */
export interface HookCounters {
  answered(hook: Hook, outcome: string): void
  /** A message of the platform itself that could not be kept. */
  failed(hook: Hook, code: ErrorCode): void
  refused(hook: Hook | undefined, reason: HookRefusal): void
}

export function countHooks(metrics: Metrics, logger: Logger): HookCounters {
  const answered = metrics.counter({
    name: 'hook_requests_total',
    help: 'Signed requests to webhooks by what became of them: an outcome of receive, handshake, or the code of an error.',
    labels: ['source', 'account', 'outcome'],
  })
  const refused = metrics.counter({
    name: 'hook_refusals_total',
    help: 'Requests to webhooks without a valid signature (missing, malformed, outdated, wrong), or to none (unknown-hook).',
    labels: ['source', 'account', 'reason'],
  })
  return {
    answered: ({ source, account }, outcome) => answered.inc({ source, account, outcome }),
    failed({ source, account }, code) {
      answered.inc({ source, account, outcome: code })
      logger.warn({ source, account, code }, 'webhook message not kept')
    },
    refused(hook, reason) {
      const { source = '', account = '' } = hook ?? {}
      refused.inc({ source, account, reason })
      logger.warn({ source, account, reason }, 'webhook request refused')
    },
  }
}
