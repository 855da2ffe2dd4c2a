import {
  type AuditEntry,
  type AuditedApproval,
  type AuditedEffect,
  costText,
  deciderText,
  durationText,
  type RunAudit,
} from '@daybook/events'
import { statusWord } from '../status-word.ts'
import { type Markup, markup, nothing } from './markup.ts'

/** Rows of a list in the report. All of it is in the trail, and in the output of --json. */
const ROWS_MAX = 200

interface Column<Row> {
  readonly title: string
  readonly isNumber?: boolean
  readonly isBad?: (row: Row) => boolean
  value(row: Row): string | number
}

function section<Row>(title: string, rows: readonly Row[], columns: readonly Column<Row>[]): Markup {
  if (rows.length === 0) return nothing
  const more = rows.length - ROWS_MAX
  const head = columns.map(
    (column) => markup`<th class="${column.isNumber === true ? 'number' : ''}">${column.title}</th>`,
  )
  const body = rows.slice(0, ROWS_MAX).map(
    (row) => markup`<tr>${columns.map((column) => cell(column, row))}</tr>
`,
  )
  return markup`<section><h2>${title}</h2><table><thead><tr>${head}</tr></thead><tbody>
${body}</tbody></table>${more > 0 ? markup`<p class="remark">… and ${more} more.</p>` : nothing}</section>
`
}

function cell<Row>(column: Column<Row>, row: Row): Markup {
  const looks = [column.isNumber === true ? 'number' : '', column.isBad?.(row) === true ? 'bad' : '']
    .join(' ')
    .trim()
  return markup`<td class="${looks}">${column.value(row)}</td>`
}

export function failureTable({ failures }: RunAudit): Markup {
  return section(`Failures (${failures.length})`, failures, failureColumns)
}

export function approvalTable({ approvals }: RunAudit): Markup {
  return section(`Approvals (${approvals.length})`, approvals, approvalColumns)
}

export function durationTable({ effects }: RunAudit): Markup {
  return section(`Durations, longest first (${effects.length})`, effects, effectColumns)
}

export function costTable({ run }: RunAudit): Markup {
  if (run?.costs === undefined) return nothing
  const { byModel, ...all } = run.costs
  const models = Object.entries(byModel).map(([model, each]) => ({ model, ...each }))
  return section('Costs', [{ model: 'all', ...all }, ...models], costColumns)
}

function took(ms: number | undefined): string {
  return ms === undefined ? '–' : durationText(ms)
}

const failureColumns: readonly Column<AuditEntry>[] = [
  { title: 'Seq', isNumber: true, value: ({ seq }) => seq },
  { title: 'When', value: ({ occurredAt }) => occurredAt },
  {
    title: 'What',
    isBad: () => true,
    value: ({ text, fault }) => (fault === undefined ? text : `${text} (fault: ${fault})`),
  },
]

const approvalColumns: readonly Column<AuditedApproval>[] = [
  { title: 'Question', value: ({ question, label, taskId }) => question ?? label ?? taskId },
  {
    title: 'Decision',
    isBad: ({ decision }) => decision === 'deny',
    value: ({ decision, status }) => decision ?? status,
  },
  { title: 'By', value: (approval) => deciderText(approval) },
  {
    title: 'Reason',
    value: ({ reason, scope }) =>
      [reason, scope === undefined ? undefined : `(for ${scope})`]
        .filter((part) => part !== undefined)
        .join(' '),
  },
  { title: 'Asked', value: ({ requestedAt }) => requestedAt },
  { title: 'Decided', value: ({ decidedAt }) => decidedAt ?? '–' },
  { title: 'Waited', isNumber: true, value: ({ waitedMs }) => took(waitedMs) },
]

const effectColumns: readonly Column<AuditedEffect>[] = [
  { title: 'Took', isNumber: true, value: ({ durationMs }) => took(durationMs) },
  { title: 'Work', isNumber: true, value: ({ workedMs }) => took(workedMs) },
  {
    title: 'Status',
    isBad: ({ status }) => status === 'resolved_error',
    value: ({ status }) => statusWord(status),
  },
  { title: 'Kind', value: ({ kind }) => kind },
  { title: 'Name', value: ({ name }) => name },
  { title: 'Effect', value: ({ effectId }) => effectId },
  { title: 'Seq', isNumber: true, value: ({ requestedSeq }) => requestedSeq },
]

type Priced = Parameters<typeof costText>[0] & { readonly model: string; readonly calls: number }

const costColumns: readonly Column<Priced>[] = [
  { title: 'Model', value: ({ model }) => model },
  { title: 'Calls', isNumber: true, value: ({ calls }) => calls },
  { title: 'Cost', value: (costs) => costText(costs) },
]
