import { costText, durationText, type Effect } from '@daybook/events'
import type { Command } from 'commander'
import { printable } from '../printable.ts'
import { summaryOf } from '../run-head.ts'
import type { WithSession } from '../session.ts'
import { toTask } from '../task.ts'

export function addTaskShow(program: Command, session: WithSession): void {
  program
    .command('task:show')
    .description('One effect of a run: what was asked for, and what came of it.')
    .argument('<runId>')
    .argument('<effectId>')
    .addHelpText('after', '\nExample:\n  daybook task:show 01K0… 01K1… --json')
    .action(async (runId: string, effectId: string, _options: unknown, command: Command) => {
      const at = session(command)
      await using daybook = await at.connect()
      const { last } = await summaryOf(daybook, runId)
      const effect = await daybook.runs.effect(effectId, { runId, minPosition: last.position })
      await (at.json ? at.printJson(effectJson(effect)) : at.print(effectLines(effect).join('\n')))
    })
}

/** The names of file-per-event tools, which show payloads on demand only; whoever may read the journal sees them here. */
function effectJson(effect: Effect): object {
  const { taskDef = null, inputs = null, result = null, error = null, progress = null, costs = null } = effect
  const { durationMs = null, workedMs = null } = effect
  return {
    effect: toTask(effect),
    task: taskDef,
    inputs,
    result,
    error,
    largeResult: null,
    progress,
    costs,
    durationMs,
    workedMs,
  }
}

function effectLines(effect: Effect): string[] {
  const { effectId, runId, kind, status, taskId, label, requestedAt, resolvedAt, durationMs } = effect
  const took = durationMs === undefined ? '' : `, after ${durationText(durationMs)}`
  const lines: [string, string | undefined][] = [
    ['effect', effectId],
    ['run', runId],
    ['kind', kind],
    ['status', status],
    ['task', taskId],
    ['label', label],
    ['requested', requestedAt],
    ['resolved', resolvedAt && `${resolvedAt}${took}`],
    ['progress', effect.progress && JSON.stringify(effect.progress)],
    ['costs', effect.costs && costText(effect.costs)],
    ['asks', textOf(effect.taskDef ?? effect.inputs)],
    ['result', textOf(effect.result)],
    ['error', textOf(effect.error)],
  ]
  return lines.flatMap(([name, value]) =>
    value === undefined ? [] : [`${name.padEnd(9)}  ${printable(value)}`],
  )
}

function textOf(value: unknown): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value)
}
