import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Database, openDatabase, openEmbedded, requireMigrated } from '@daybook/database'
import { DaybookError } from '@daybook/errors'
import {
  type JournalTables,
  journalMigrations,
  leaveArchived,
  openBundle,
  verifyJournal,
} from '@daybook/journal/verify'
import { openDataDirectory } from '@daybook/stack'
import type { Session } from '../session.ts'
import { verifyLines } from './bundle.ts'
import type { Evidence } from './inputs.ts'
import { progressOf } from './progress.ts'
import type { Verdict } from './verdict.ts'

export interface DatabaseTarget {
  /** `postgres://…`, or the data folder of a stack that does not run. */
  readonly database: string
  readonly stream?: string
  readonly tenant: string
}

/** Verifies the journal in a database by its tables alone: no service of Daybook needs to run. */
export async function verifyDatabase(
  at: Session,
  target: DatabaseTarget,
  evidence: Evidence,
): Promise<Verdict> {
  await using stack = new AsyncDisposableStack()
  const database = await openTarget(at, target.database, stack)
  await requireMigrated(database, journalMigrations)
  const { stream, tenant } = target
  if (stream !== undefined) {
    const since = evidence.known[0]?.size
    const request = { tenant, stream, ...(since !== undefined && { since }) }
    const { lines } = await openBundle({ database, archive: leaveArchived }, request)
    return await verifyLines(at, lines, evidence)
  }
  const progress = progressOf(at)
  const { fault, ...report } = await verifyJournal(database, {
    ...evidence,
    onProgress: ({ position, head }) => progress(`${position} of ${head} events`),
  })
  const isUnpinned = evidence.keys.length === 0 && report.signers.length > 0
  return {
    ...report,
    ...(fault && { fault }),
    remarks: [
      ...(isUnpinned ? ['No --key was given: the key is the one that the database names itself.'] : []),
      ...(evidence.known.length === 0
        ? [
            'A journal that was rewritten and sealed anew with its own key would show only with an older --checkpoint.',
          ]
        : []),
    ],
  }
}

async function openTarget(
  at: Session,
  target: string,
  stack: AsyncDisposableStack,
): Promise<Database<JournalTables>> {
  if (/^postgres(ql)?:\/\//.test(target)) {
    // A page is read in a moment, but the first one may have to wait for a cold disk.
    return stack.use(openDatabase({ url: target, applicationName: 'daybook-verify', statementTimeoutMs: 0 }))
  }
  const folder = resolve(at.shell.cwd, target)
  if (!existsSync(join(folder, 'postgres'))) {
    throw new DaybookError(
      'invalid-usage',
      `${target} is neither an address (postgres://…) nor the data folder of a stack.`,
    )
  }
  // Refused while a stack runs on it: two servers on the same files would destroy them.
  const data = stack.use(await openDataDirectory(folder, { fresh: false }))
  return stack.use(await openEmbedded(data.postgres)).database()
}
