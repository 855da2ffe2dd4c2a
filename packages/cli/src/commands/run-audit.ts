import { DaybookError } from '@daybook/errors'
import { type AuditEntry, RunAuditor } from '@daybook/events'
import type { Command } from 'commander'
import { csvHeader, csvOf } from '../audit/csv.ts'
import { reportHtml } from '../audit/html/report.ts'
import { noticesOf, type Parked } from '../audit/notices.ts'
import { parkedMark, readRun } from '../audit/read-run.ts'
import { summaryText } from '../audit/text.ts'
import { trailLine } from '../audit/trail-line.ts'
import { wholeNumber } from '../option-values.ts'
import { type OutputTarget, openOutput } from '../output-target.ts'
import type { Session, WithSession } from '../session.ts'

interface RunAuditOptions {
  readonly csv?: boolean
  readonly html?: boolean
  readonly out?: string
  readonly top: number
}

/** A screen. */
const TOP_DEFAULT = 20

export function addRunAudit(program: Command, session: WithSession): void {
  program
    .command('run:audit')
    .description(
      'What happened in a run: one line an event, then durations (longest first), failures, approvals and costs.',
    )
    .argument('<runId>')
    .option('--csv', 'the trail as CSV, for spreadsheets')
    .option('--html', 'a report with a timeline: one page that needs no network')
    .option('--out <file>', 'where to (default: standard output); never over another file')
    .option('--top <n>', 'rows of each list behind the trail', wholeNumber(1), TOP_DEFAULT)
    .addHelpText(
      'after',
      '\nExamples:\n  daybook run:audit 01K0…\n  daybook run:audit 01K0… --html --out report.html\n  daybook run:audit 01K0… --json | jq .durations',
    )
    .action(async (runId: string, options: RunAuditOptions, command: Command) => {
      const at = session(command)
      const tell = tellerOf(at, runId, options)
      await using daybook = await at.connect()
      const parked = await parkedMark(daybook, runId)
      const events = readRun(daybook, runId)
      // Before anything is written, so that a run that is not there leaves no file behind.
      const first = await events.next()
      await using target = await openOutput(at.shell, options.out)
      const auditor = new RunAuditor()
      await tell.begin(target)
      for (let next = first; next.done !== true; next = await events.next()) {
        await tell.entry(target, auditor.add(next.value))
      }
      await tell.end(target, auditor, parked)
    })
}

/** One form of the report. The trail is written as it is read; what is known only at the end follows it. */
interface Teller {
  begin(target: OutputTarget): Promise<void>
  entry(target: OutputTarget, entry: AuditEntry): Promise<void>
  end(target: OutputTarget, auditor: RunAuditor, parked: Parked): Promise<void>
}

const silent = async (): Promise<void> => undefined

function tellerOf(at: Session, runId: string, { csv, html, top }: RunAuditOptions): Teller {
  if ([at.json, csv === true, html === true].filter(Boolean).length > 1) {
    throw new DaybookError('invalid-usage', 'Choose one of --json, --csv and --html.')
  }
  if (at.json) return jsonTeller(runId)
  if (html === true) return htmlTeller(runId)
  if (csv === true) {
    return {
      begin: (target) => target.write(csvHeader),
      entry: (target, entry) => target.write(csvOf(entry)),
      end: silent,
    }
  }
  return textTeller(at, runId, top)
}

/** As wide as the seqs of runs of a million events. */
const SEQ_WIDTH = 6

function textTeller({ colour }: Session, runId: string, top: number): Teller {
  return {
    begin: silent,
    entry: (target, entry) =>
      target.write(`${trailLine(String(entry.seq).padStart(SEQ_WIDTH), entry, colour)}\n`),
    end: (target, auditor, parked) => {
      const audit = auditor.summary()
      const notices = noticesOf(audit, parked)
      return target.write(`\n${summaryText(runId, audit, { notices, colour, top })}\n`)
    },
  }
}

/** One document, written piece by piece: the trail of a long run is never in memory as a whole. */
function jsonTeller(runId: string): Teller {
  let separator = ''
  return {
    begin: (target) => target.write(`{"runId":${JSON.stringify(runId)},"trail":[`),
    entry: async (target, entry) => {
      await target.write(separator + JSON.stringify(entry))
      separator = ','
    },
    end: async (target, auditor, parked) => {
      const { effects, ...audit } = auditor.summary()
      const rest = { ...audit, durations: effects, parked: parked ?? null }
      await target.write(`],${JSON.stringify(rest).slice(1)}\n`)
    },
  }
}

/** The page begins with what is known only at the end, so the lines of the trail are kept until then. */
function htmlTeller(runId: string): Teller {
  const trail: AuditEntry[] = []
  return {
    begin: silent,
    entry: async (_target, entry) => void trail.push(entry),
    end: async (target, auditor, parked) => {
      const audit = auditor.summary()
      const notices = noticesOf(audit, parked)
      const madeAt = new Date().toISOString()
      for (const piece of reportHtml({ runId, audit, trail, notices, madeAt })) await target.write(piece)
    },
  }
}
