import type { ArchivedPart } from '@daybook/client'
import type { Command } from 'commander'
import { firstOf } from '../first-of.ts'
import { wholeNumber } from '../option-values.ts'
import type { WithSession } from '../session.ts'
import { type Column, table } from '../table.ts'

/** A screen or two. */
const limitDefault = 50

export function addArchive(program: Command, session: WithSession): void {
  program
    .command('archive:run')
    .description(
      'Move the payloads of runs that ended long enough ago into the archive, now. Reads go on as before.',
    )
    .option('--older-than-days <n>', 'instead of the ARCHIVE_AFTER_DAYS of the journal', wholeNumber(0))
    .addHelpText('after', '\nExample:\n  daybook archive:run --older-than-days 90')
    .action(async ({ olderThanDays }: { olderThanDays?: number }, command: Command) => {
      const { connect, json, print, printJson, remark } = session(command)
      await using daybook = await connect()
      let archived = 0
      for (let more = true; more; ) {
        const round = await daybook.retention.archive(olderThanDays === undefined ? {} : { olderThanDays })
        archived += round.archived
        more = round.more
        if (more) await remark(`${archived} runs …`)
      }
      await (json ? printJson({ archived }) : print(`Archived ${archived} runs.`))
    })
  program
    .command('archive:list')
    .description('What is in the archive, newest first.')
    .option('--limit <n>', 'at most so many', wholeNumber(1), limitDefault)
    .addHelpText('after', '\nExample:\n  daybook archive:list --limit 10')
    .action(async ({ limit }: { limit: number }, command: Command) => {
      const { colour, connect, json, print, printJson, remark } = session(command)
      await using daybook = await connect()
      const archives = await firstOf(daybook.retention.archives(), limit)
      if (json) await printJson({ archives })
      else if (archives.length === 0) await remark('Nothing is archived.')
      else await print(table(archives, columns, colour))
    })
}

const columns: readonly Column<ArchivedPart>[] = [
  { title: 'ID', value: ({ id }) => id },
  { title: 'STREAM', value: ({ stream }) => stream },
  { title: 'SEQS', value: ({ firstSeq, lastSeq }) => `${firstSeq}-${lastSeq}` },
  { title: 'ARCHIVED', value: ({ archivedAt }) => archivedAt ?? 'is being written' },
  { title: 'BYTES', align: 'right', value: ({ bytes }) => bytes ?? '' },
  { title: 'BUNDLE', value: ({ location, name }) => `${location.replace(/\/$/, '')}/${name}` },
]
