import type { Daybook, StreamFilter } from '@daybook/client'
import { DaybookError } from '@daybook/errors'
import { findEventType, type JournalEvent } from '@daybook/events'
import type { Command } from 'commander'
import { wholeNumber } from '../option-values.ts'
import { summaryOf } from '../run-head.ts'
import { metadataOf } from '../run-metadata.ts'
import type { Session, WithSession } from '../session.ts'
import { type Column, table } from '../table.ts'
import { type TapeEntry, tapeEntry } from '../tape-entry.ts'

interface RunEventsOptions {
  readonly limit?: number
  readonly reverse?: boolean
  readonly filterType?: string
  readonly after?: number
  readonly follow?: boolean
  readonly effect?: string
}

export function addRunEvents(program: Command, session: WithSession): void {
  program
    .command('run:events')
    .description('The events of a run.')
    .argument('<runId>')
    .option('--limit <n>', 'at most so many; taken after the filter and the order', wholeNumber(1))
    .option('--reverse', 'newest first')
    .option('--filter-type <type>', 'only events of this type, in upper or lower case')
    .option('--after <seq>', 'only events behind this sequence number', wholeNumber(0))
    .option('--effect <effectId>', 'only events about this effect')
    .option('--follow', 'go on with the events to come, until Ctrl-C; with --json one event a line')
    .addHelpText(
      'after',
      '\nExamples:\n  daybook run:events 01K0… --filter-type effect_resolved --reverse --limit 1\n  daybook run:events 01K0… --effect 01K1…\n  daybook run:events 01K0… --follow',
    )
    .action(async (runId: string, options: RunEventsOptions, command: Command) => {
      const at = session(command)
      if (options.follow === true && options.reverse === true) {
        throw new DaybookError(
          'invalid-usage',
          '--follow goes forward in time and cannot be combined with --reverse.',
        )
      }
      await using daybook = await at.connect()
      if (options.follow === true) await follow(at, daybook, { runId, options })
      else await list(at, daybook, { runId, options })
    })
}

interface Asked {
  readonly runId: string
  readonly options: RunEventsOptions
}

async function list(at: Session, daybook: Daybook, { runId, options }: Asked): Promise<void> {
  const head = await summaryOf(daybook, runId)
  const entries: TapeEntry[] = []
  for await (const event of daybook.stream(`run/${runId}`, streamFilter(options))) {
    // Going back, the cursor of a page says where to begin, so the end is found here.
    if (options.reverse === true && event.seq <= (options.after ?? 0)) break
    const entry = tapeEntry(event)
    if (isAskedFor(entry, options)) entries.push(entry)
    if (entries.length === options.limit) break
  }
  if (at.json) return at.printJson({ events: entries, metadata: (await metadataOf(daybook, head)).cached })
  await at.remark(`${entries.length} of ${head.run.lastSeq} events of ${runId} (${head.run.status})`)
  await at.print(table(entries, columns, at.colour))
}

async function follow(at: Session, daybook: Daybook, { runId, options }: Asked): Promise<void> {
  let shown = 0
  const onReconnect = ({ message }: DaybookError): void => void at.remark(`${message} Trying again.`)
  const { types, after } = streamFilter(options)
  const tail = daybook.follow(`run/${runId}`, {
    signal: at.shell.signal,
    onReconnect,
    ...(types && { types }),
    ...(after !== undefined && { after }),
  })
  for await (const event of tail) {
    const entry = tapeEntry(event)
    if (!isAskedFor(entry, options)) continue
    await (at.json ? at.printJson(entry) : at.print(lineOf(event, entry)))
    shown += 1
    if (shown === options.limit) return
  }
}

/** What the server gives in one page. */
const pageMax = 1_024

function streamFilter({ after, reverse, filterType, limit }: RunEventsOptions): StreamFilter {
  return {
    limit: Math.min(limit ?? pageMax, pageMax),
    ...(reverse === true ? { reverse } : after === undefined ? {} : { after }),
    ...(filterType === undefined ? {} : { types: [journaledType(filterType)] }),
  }
}

/** A type that Daybook does not know is journaled as FOREIGN_EVENT, with its own name inside. */
function journaledType(type: string): string {
  const name = type.toUpperCase()
  return findEventType(name, 1) === undefined ? 'FOREIGN_EVENT' : name
}

function isAskedFor({ type, data }: TapeEntry, { filterType, effect }: RunEventsOptions): boolean {
  const fitsType = filterType === undefined || type.toUpperCase() === filterType.toUpperCase()
  return fitsType && (effect === undefined || data['effectId'] === effect)
}

function lineOf(event: JournalEvent, { type, recordedAt }: TapeEntry): string {
  return `${String(event.seq).padStart(6)}  ${recordedAt}  ${type}`
}

const columns: readonly Column<TapeEntry>[] = [
  { title: 'SEQ', align: 'right', value: ({ seq }) => seq },
  { title: 'RECORDED', value: ({ recordedAt }) => recordedAt },
  { title: 'TYPE', value: ({ type }) => type },
  { title: 'ABOUT', value: aboutOf },
]

/** The one thing of an event that a reader of the list wants to see. */
function aboutOf({ data }: TapeEntry): string {
  const parts = [
    data['kind'],
    data['label'] ?? data['taskId'],
    data['effectId'],
    data['status'],
    data['processId'],
  ]
  return parts.filter((part) => typeof part === 'string').join(' ')
}
