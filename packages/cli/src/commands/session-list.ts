import type { ReadSession, SessionFilter } from '@daybook/client'
import { type Command, Option } from 'commander'
import { wholeNumber } from '../option-values.ts'
import type { WithSession } from '../session.ts'
import { type Column, table } from '../table.ts'

interface SessionListOptions extends Omit<SessionFilter, 'limit'> {
  readonly limit: number
}

/** A screen or two. */
const limitDefault = 50
/** What the server gives in one page; more are fetched page by page. */
const pageMax = 1_000

export function addSessionList(program: Command, session: WithSession): void {
  program
    .command('session:list')
    .description('The sessions in the journal, newest first.')
    .addOption(
      new Option('--status <status>', 'only sessions in this status').choices(['active', 'archived']),
    )
    .option('--principal <kind:id>', 'only sessions of this person or program, as in user:ada')
    .option('--channel <name>', 'only sessions of this channel')
    .option('--parent <session>', 'only branches of this session')
    .option('--limit <n>', 'at most so many', wholeNumber(1), limitDefault)
    .addHelpText('after', '\nExample:\n  daybook session:list --channel slack --status active')
    .action(async ({ limit, ...filter }: SessionListOptions, command: Command) => {
      const at = session(command)
      await using daybook = await at.connect()
      const sessions: ReadSession[] = []
      for await (const one of daybook.sessions.list({ ...filter, limit: Math.min(limit, pageMax) }))
        if (sessions.push(one) >= limit) break
      if (at.json) return await at.printJson({ sessions })
      if (sessions.length > 0) await at.print(table(sessions, columns, at.colour))
      else await at.remark('No sessions. Start one: daybook session:resolve <key>')
    })
}

const columns: readonly Column<ReadSession>[] = [
  { title: 'SESSION', value: ({ sessionId }) => sessionId },
  {
    title: 'STATUS',
    value: ({ status, parked }) => (parked === undefined ? status : `${status} (parked)`),
  },
  { title: 'BRANCH', value: ({ branchState }) => branchState },
  { title: 'EPOCH', align: 'right', value: ({ epoch }) => epoch },
  { title: 'EVENTS', align: 'right', value: ({ lastSeq }) => lastSeq },
  { title: 'UPDATED', value: ({ updatedAt }) => updatedAt },
  { title: 'OF', value: ({ principal }) => principal },
  { title: 'TITLE', value: ({ title, sessionKey }) => title ?? sessionKey },
]
