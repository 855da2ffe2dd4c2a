import type { Effect } from '@daybook/events'
import type { Command } from 'commander'
import { short } from '../printable.ts'
import { summaryOf } from '../run-head.ts'
import type { WithSession } from '../session.ts'
import { type Column, table } from '../table.ts'
import { toTask } from '../task.ts'

interface TaskListOptions {
  readonly pending?: boolean
  readonly kind?: string
}

export function addTaskList(program: Command, session: WithSession): void {
  program
    .command('task:list')
    .description('The effects that a run has asked for, and what became of them.')
    .argument('<runId>')
    .option('--pending', 'only those that nobody has resolved yet')
    .option('--kind <kind>', 'only effects of this kind, in upper or lower case: node, breakpoint, agent …')
    .addHelpText('after', '\nExample:\n  daybook task:list 01K0… --pending --kind breakpoint --json')
    .action(async (runId: string, { pending = false, kind }: TaskListOptions, command: Command) => {
      const at = session(command)
      await using daybook = await at.connect()
      const { last } = await summaryOf(daybook, runId)
      const filter = { minPosition: last.position, ...(pending && { status: 'requested' }) }
      const tasks: Effect[] = []
      for await (const effect of daybook.runs.effects(runId, filter)) {
        if (kind === undefined || effect.kind.toLowerCase() === kind.toLowerCase()) tasks.push(effect)
      }
      tasks.sort((a, b) => (a.effectId < b.effectId ? -1 : 1))
      if (at.json) return await at.printJson({ tasks: tasks.map(toTask) })
      await at.remark(`${tasks.length} effects of ${runId}${pending ? ' are pending' : ''}`)
      if (tasks.length > 0) await at.print(table(tasks, columns, at.colour))
    })
}

/** A label may be a sentence; the rest of the line has to stay in sight. */
const labelCharsMax = 60

const columns: readonly Column<Effect>[] = [
  { title: 'EFFECT', value: ({ effectId }) => effectId },
  { title: 'KIND', value: ({ kind }) => kind },
  { title: 'STATUS', value: ({ status }) => status },
  { title: 'REQUESTED', value: ({ requestedAt }) => requestedAt },
  { title: 'RESOLVED', value: ({ resolvedAt = '' }) => resolvedAt },
  { title: 'TASK', value: ({ taskId }) => taskId },
  { title: 'LABEL', value: ({ label = '' }) => short(label, labelCharsMax) },
]
