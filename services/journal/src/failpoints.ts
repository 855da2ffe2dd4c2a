import { channel } from 'node:diagnostics_channel'

/**
 * Moments at which a crash or a pause does the most harm. Nothing of the product listens, and then `publish` is an empty
 * function; the fault tests end or stop the process here (`e2e/failpoint.ts`).
 */
export const failpoints = {
  append: {
    /** Settled; the database has not been told. */
    beforeWrite: channel('daybook.append.before-write'),
    /** Committed; nobody has been answered. */
    afterWrite: channel('daybook.append.after-write'),
  },
  relay: {
    /** The lease is ours; the stream has not been asked where to go on. */
    afterLease: channel('daybook.relay.after-lease'),
    beforePublish: channel('daybook.relay.before-publish'),
    /** JetStream has the batch; the cursor in Postgres does not know. */
    afterPublish: channel('daybook.relay.after-publish'),
    afterSave: channel('daybook.relay.after-save'),
  },
} as const
