import { channel } from 'node:diagnostics_channel'

/**
 * Moments at which a crash or a pause does the most harm. Nothing of the product listens, and then `publish` is an empty
 * function; the fault tests end or stop the process here (`e2e/failpoint.ts`).
 */
export const failpoints = {
  /** The checkpoint has moved and the read model is written; the transaction is not committed. */
  beforeCommit: channel('daybook.projection.before-commit'),
  /** Committed; the messages are not acknowledged. */
  afterCommit: channel('daybook.projection.after-commit'),
} as const
