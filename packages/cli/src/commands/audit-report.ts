import type { Daybook } from '@daybook/client'
import { DaybookError } from '@daybook/errors'
import { type AuditEntry, auditEntry, isFailure, type JournalEvent } from '@daybook/events'
import type { Command } from 'commander'
import { counted } from '../audit/counted.ts'
import { csvHeader, csvOf } from '../audit/csv.ts'
import { type FirstBehind, findStart } from '../audit/find-start.ts'
import { isBehind, isWanted, type ReportFilter } from '../audit/select.ts'
import { trailLine } from '../audit/trail-line.ts'
import { instantOption } from '../instant-option.ts'
import { list } from '../option-values.ts'
import { openOutput } from '../output-target.ts'
import type { Session, WithSession } from '../session.ts'

interface ReportOptions extends ReportFilter {
  readonly type?: string[]
  readonly kind?: string[]
  readonly failures?: boolean
  readonly csv?: boolean
  readonly out?: string
}

export function addAuditReport(program: Command, session: WithSession): void {
  program
    .command('audit:report')
    .description(
      'What happened in the whole journal, one line an event, oldest first; with --json one event a line.',
    )
    .option(
      '--since <when>',
      'from then on, by the clock of the journal: 2026-11-21, 2026-11-21T08:00:00Z, 24h',
      instantOption,
    )
    .option('--until <when>', 'before then', instantOption)
    .option('--type <types>', 'only these types, as in EFFECT_RESOLVED,RUN_FAILED', list)
    .option('--kind <kinds>', 'only streams of these kinds, as in run,hold', list)
    .option('--actor <[kind:]id>', 'only what this one did, as in ann or service:deploy')
    .option('--failures', 'only what went wrong')
    .option('--csv', 'as CSV, for spreadsheets')
    .option('--out <file>', 'where to (default: standard output); never over another file')
    .addHelpText(
      'after',
      '\nExamples:\n  daybook audit:report --since 24h --failures\n  daybook audit:report --since 2026-11-01 --until 2026-12-01 --actor user:ann --csv --out november.csv',
    )
    .action(async (options: ReportOptions, command: Command) => {
      const at = session(command)
      if (at.json && options.csv === true)
        throw new DaybookError('invalid-usage', 'Choose one of --json and --csv.')
      await using daybook = await at.connect()
      const lineOf = tellerOf(at, options)
      await using target = await openOutput(at.shell, options.out)
      if (options.csv === true) await target.write(csvHeader)
      let told = 0
      for await (const event of wantedEvents(daybook, options)) {
        const entry = auditEntry(event)
        if (options.failures === true && !isFailure(entry)) continue
        await target.write(lineOf(entry))
        told += 1
      }
      await at.remark(counted(told, 'event'))
    })
}

/** What the server gives in one page. */
const PAGE_MAX = 1_024

/** Read page by page and forgotten again: a report over ten million events takes no more memory than one over ten. */
async function* wantedEvents(
  daybook: Daybook,
  options: ReportOptions,
): AsyncGenerator<JournalEvent, void, undefined> {
  const { since, type: types, kind: kinds } = options
  const firstBehind: FirstBehind = async (after) => {
    const { items, position } = await daybook.eventsPage({ after, limit: 1 })
    return { event: items[0], head: position ?? 0 }
  }
  const after = since === undefined ? 0 : await findStart(firstBehind, since)
  const filter = { after, limit: PAGE_MAX, ...(types && { types }), ...(kinds && { kinds }) }
  // What is appended meanwhile is not waited for.
  const { head } = await firstBehind(after)
  for await (const event of daybook.events(filter)) {
    if (event.position > head || isBehind(event, options)) return
    if (isWanted(event, options)) yield event
  }
}

/** As wide as the positions of a journal of ten million events. */
const POSITION_WIDTH = 8

function tellerOf({ json, colour }: Session, { csv }: ReportOptions): (entry: AuditEntry) => string {
  if (json) return (entry) => `${JSON.stringify(entry)}\n`
  if (csv === true) return csvOf
  return (entry) => {
    const lead = `${String(entry.position).padStart(POSITION_WIDTH)}  ${entry.stream}#${entry.seq}`
    return `${trailLine(lead, entry, colour)}\n`
  }
}
