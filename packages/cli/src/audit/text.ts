import { styleText } from 'node:util'
import {
  type AuditEntry,
  type AuditedApproval,
  type AuditedEffect,
  costText,
  deciderText,
  durationText,
  type RunAudit,
} from '@daybook/events'
import { printable } from '../printable.ts'
import { type Column, table } from '../table.ts'
import { counted } from './counted.ts'
import { statusWord } from './status-word.ts'

export interface SummaryOptions {
  readonly notices: readonly string[]
  readonly colour: boolean
  /** Rows of each list; those beyond are counted. */
  readonly top: number
}

/** What follows the trail: how it ended, durations with the longest first, failures, approvals, costs. */
export function summaryText(runId: string, audit: RunAudit, options: SummaryOptions): string {
  const { effects, failures, approvals } = audit
  const sections = [
    overview(runId, audit, options.notices),
    listed(
      `Durations (${counted(effects.length, 'effect')}, longest first)`,
      effects,
      effectColumns,
      options,
    ),
    listed(`Failures (${failures.length})`, failures, failureColumns, options),
    listed(`Approvals (${approvals.length})`, approvals, approvalColumns, options),
    costs(audit, options),
  ]
  return sections.filter((section) => section !== '').join('\n\n')
}

function overview(
  runId: string,
  { run, events, durationMs, waitedForPeopleMs }: RunAudit,
  notices: readonly string[],
): string {
  const took = durationMs === undefined ? '' : ` in ${durationText(durationMs)}`
  const waited =
    waitedForPeopleMs === 0 ? '' : `, of which ${durationText(waitedForPeopleMs)} waiting for people`
  const head = `${runId}  ${run?.processId ?? ''}  ${run?.status ?? ''}, ${counted(events, 'event')}${took}${waited}`
  return [head, ...notices.map((notice) => `! ${notice}`)].map(printable).join('\n')
}

function costs({ run }: RunAudit, options: SummaryOptions): string {
  if (run?.costs === undefined) return ''
  const { byModel, ...all } = run.costs
  const models = Object.entries(byModel).map(([model, each]) => ({ model, ...each }))
  return listed('Costs', [{ model: 'all', ...all }, ...models], costColumns, options)
}

/** A section with its title; nothing when there is nothing to list. */
function listed<Row>(
  title: string,
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { colour, top }: SummaryOptions,
): string {
  if (rows.length === 0) return ''
  const head = colour ? styleText('bold', title, { validateStream: false }) : title
  const more = rows.length - top
  const rest = more > 0 ? `\n… and ${more} more: --top, or --json` : ''
  return `${head}\n${table(rows.slice(0, top), columns, colour)}${rest}`
}

function took(ms: number | undefined): string {
  return ms === undefined ? '–' : durationText(ms)
}

const effectColumns: readonly Column<AuditedEffect>[] = [
  { title: 'TOOK', align: 'right', value: ({ durationMs }) => took(durationMs) },
  { title: 'WORK', align: 'right', value: ({ workedMs }) => took(workedMs) },
  { title: 'STATUS', value: ({ status }) => statusWord(status) },
  { title: 'KIND', value: ({ kind }) => kind },
  { title: 'SEQ', align: 'right', value: ({ requestedSeq }) => requestedSeq },
  { title: 'EFFECT', value: ({ effectId }) => effectId },
  { title: 'NAME', value: ({ name }) => name },
]

const failureColumns: readonly Column<AuditEntry>[] = [
  { title: 'SEQ', align: 'right', value: ({ seq }) => seq },
  { title: 'WHEN', value: ({ occurredAt }) => occurredAt },
  { title: 'WHAT', value: ({ text, fault }) => (fault === undefined ? text : `${text} [fault: ${fault}]`) },
]

const approvalColumns: readonly Column<AuditedApproval>[] = [
  { title: 'SEQ', align: 'right', value: ({ requestedSeq }) => requestedSeq },
  { title: 'DECISION', value: ({ decision, status }) => decision ?? status },
  { title: 'WAITED', align: 'right', value: ({ waitedMs }) => took(waitedMs) },
  { title: 'BY', value: (approval) => deciderText(approval) },
  { title: 'QUESTION', value: ({ question, label, taskId }) => question ?? label ?? taskId },
  { title: 'REASON', value: ({ reason }) => reason ?? '' },
]

type Priced = Parameters<typeof costText>[0] & { readonly model: string; readonly calls: number }

const costColumns: readonly Column<Priced>[] = [
  { title: 'MODEL', value: ({ model }) => model },
  { title: 'CALLS', align: 'right', value: ({ calls }) => calls },
  { title: 'COST', value: (costs) => costText(costs) },
]
