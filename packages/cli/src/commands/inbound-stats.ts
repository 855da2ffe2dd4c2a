import { setTimeout as delay } from 'node:timers/promises'
import type { Daybook } from '@daybook/client'
import type { Command } from 'commander'
import { statsColumns } from '../inbound/stats-columns.ts'
import { wholeNumber } from '../option-values.ts'
import type { Session, WithSession } from '../session.ts'
import { table } from '../table.ts'
import { filterOf, type MessageOptions } from './inbound-list.ts'

interface StatsOptions extends Pick<MessageOptions, 'source' | 'account'> {
  readonly watch?: number | true
}

/** Often enough for an eye, and nothing for the server. */
const WATCH_SECONDS = 2

export function addInboundStats(program: Command, session: WithSession): void {
  program
    .command('inbound:stats')
    .description('How many messages and replies are where, for each source and account.')
    .option('--source <name>', 'only those of this platform, as in telegram')
    .option('--account <name>', 'only those of this bot or app')
    .option(
      '--watch [seconds]',
      `again and again, until Ctrl-C (every ${WATCH_SECONDS} seconds)`,
      wholeNumber(1, 3_600),
    )
    .addHelpText(
      'after',
      '\nOLDEST is how long the oldest pending message has waited. PAYLOADS are what the limit maxEntries bounds. Of replies, UNSENT ones are dead, and AMBIGUOUS ones may have been sent or not.\n\nExamples:\n  daybook inbound:stats\n  daybook inbound:stats --watch 5',
    )
    .action(async ({ watch, ...options }: StatsOptions, command: Command) => {
      const at = session(command)
      await using daybook = await at.connect()
      const tellNow = () => tell(at, daybook, options)
      await tellNow()
      if (watch !== undefined) await tellAgain(at, tellNow, watch === true ? WATCH_SECONDS : watch)
    })
}

async function tellAgain(at: Session, tellNow: () => Promise<void>, seconds: number): Promise<void> {
  const { signal } = at.shell
  for (;;) {
    // An abort ends the wait and is no failure.
    await delay(seconds * 1_000, undefined, { signal }).catch(() => undefined)
    if (signal.aborted) return
    if (!at.json) await at.print('')
    await tellNow()
  }
}

async function tell(at: Session, daybook: Daybook, options: StatsOptions): Promise<void> {
  const sources = await daybook.inbound.stats(filterOf(options))
  if (at.json) await at.printJson({ sources })
  else if (sources.length === 0) await at.remark('No messages came in yet.')
  else await at.print(table(sources, statsColumns(new Date().toISOString()), at.colour))
}
