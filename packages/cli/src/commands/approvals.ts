import type { ApprovalFilter } from '@daybook/client'
import type { Approval, ApprovalDetails, ApprovalStatus, Decision } from '@daybook/events'
import { type Command, Option } from 'commander'
import { firstOf } from '../first-of.ts'
import { instantOption } from '../instant-option.ts'
import { wholeNumber } from '../option-values.ts'
import { printable, short } from '../printable.ts'
import type { WithSession } from '../session.ts'
import { type Column, table } from '../table.ts'

/** A screen or two. */
const limitDefault = 50
/** What the server gives in one page; more are fetched page by page. */
const pageMax = 1_000
/** As much of a question as leaves room for the rest of the line. */
const questionCharsMax = 60

export interface FilterOptions {
  readonly status?: ApprovalStatus | 'all'
  readonly decision?: Decision
  readonly run?: string
  readonly since?: string
  readonly until?: string
}

/** The options by which approvals are chosen. */
export function withFilter(command: Command, status: ApprovalStatus | 'all'): Command {
  return command
    .addOption(
      new Option('--status <status>', 'only those in this status')
        .choices(['pending', 'decided', 'withdrawn', 'all'])
        .default(status),
    )
    .addOption(new Option('--decision <decision>', 'only those decided so').choices(['approve', 'deny']))
    .option('--run <runId>', 'only those of this run')
    .option('--since <when>', 'asked then or later: 2026-11-21, 2026-11-21T08:00Z, or 24h ago', instantOption)
    .option('--until <when>', 'asked before then', instantOption)
}

export function filterOf({ status, decision, run, since, until }: FilterOptions): ApprovalFilter {
  return {
    ...(status !== undefined && status !== 'all' && { status }),
    ...(decision !== undefined && { decision }),
    ...(run !== undefined && { runId: run }),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
  }
}

interface ListOptions extends FilterOptions {
  readonly limit: number
  readonly reverse?: boolean
}

export function addApprovals(program: Command, session: WithSession): void {
  addList(program, session)
  addShow(program, session)
}

function addList(program: Command, session: WithSession): void {
  withFilter(
    program
      .command('approvals:list')
      .description('What runs ask people, in the order of asking; the pending ones unless told.'),
    'pending',
  )
    .option('--reverse', 'those asked last come first')
    .option('--limit <n>', 'at most so many', wholeNumber(1), limitDefault)
    .addHelpText(
      'after',
      '\nExamples:\n  daybook approvals:list\n  daybook approvals:list --status decided --since 7d --reverse',
    )
    .action(async ({ limit, reverse, ...options }: ListOptions, command: Command) => {
      const { colour, connect, json, print, printJson, remark } = session(command)
      await using daybook = await connect()
      const filter = { ...filterOf(options), limit: Math.min(limit, pageMax), ...(reverse && { reverse }) }
      const approvals = await firstOf(daybook.approvals.list(filter), limit)
      if (json) await printJson({ approvals })
      else if (approvals.length > 0) await print(table(approvals, columns, colour))
      else await remark(options.status === 'pending' ? 'Nothing waits for a person.' : 'No approvals.')
    })
}

const columns: readonly Column<Approval>[] = [
  { title: 'EFFECT', value: ({ effectId }) => effectId },
  { title: 'STATUS', value: ({ status, decision }) => decision ?? status },
  { title: 'ASKED', value: ({ requestedAt }) => requestedAt },
  { title: 'BY', value: (approval) => byWhom(approval) ?? '' },
  { title: 'RUN', value: ({ runId }) => runId },
  { title: 'QUESTION', value: ({ question, label }) => short(question ?? label ?? '', questionCharsMax) },
]

interface ShowOptions {
  readonly run?: string
  readonly wait?: boolean
}

function addShow(program: Command, session: WithSession): void {
  program
    .command('approvals:show')
    .description('One approval: what is asked, with the task and its inputs, and what was decided.')
    .argument('<effectId>')
    .option('--run <runId>', 'its run, where several have an effect with this id')
    .option('--wait', 'until it is decided or withdrawn')
    .addHelpText('after', '\nExample:\n  daybook approvals:show 01K0… --wait --json')
    .action(async (effectId: string, { run, wait }: ShowOptions, command: Command) => {
      const { connect, json, print, printJson, remark, shell } = session(command)
      await using daybook = await connect()
      const which = run === undefined ? {} : { runId: run }
      const onPending = ({ question, label }: Approval) =>
        void remark(`Waiting for a decision: ${printable(question ?? label ?? effectId)}`)
      const approval = wait
        ? await daybook.approvals.wait(effectId, { ...which, signal: shell.signal, onPending })
        : await daybook.approvals.get(effectId, which)
      await (json ? printJson(approval) : print(linesOf(approval).join('\n')))
    })
}

/** What a person reads before deciding; JSON values as JSON, one a line. */
export function linesOf(approval: ApprovalDetails): string[] {
  const { effectId, runId, status, decision, label, question, taskId, labels, taskDef, inputs } = approval
  const facts: [string, unknown][] = [
    ['effect', effectId],
    ['run', runId],
    ['status', decision ?? status],
    ['label', label],
    ['question', question],
    ['asked', approval.requestedAt],
    ['task', taskId],
    ['labels', labels?.join(', ')],
    ['decided', approval.decidedAt],
    ['by', byWhom(approval)],
    ['responded', approval.respondedBy],
    ['reason', approval.reason],
    ['scope', approval.scope],
    ['inputs', inputs],
    ['taskDef', taskDef],
    ['result', approval.result],
  ]
  return facts
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => {
      const text = typeof value === 'string' ? value : JSON.stringify(value)
      return `${name.padEnd(9)}  ${printable(text)}`
    })
}

/** Whether somebody who may approve has said it, or an event that only claims to: nobody should take the one for the other. */
function byWhom({ decidedBy, isVouched }: Approval): string | undefined {
  if (decidedBy === undefined) return undefined
  return `${decidedBy.kind}:${decidedBy.id}${isVouched === true ? '' : ' (past the approvals)'}`
}
