import { DaybookError } from '@daybook/errors'
import type { RunCommand } from './command.ts'
import type { Effect, RunSummary } from './summary.ts'

type CommandName = RunCommand['name']

/** What the state of a run allows: no command at all once it has ended. */
function allowedCommands(run: RunSummary | undefined): readonly CommandName[] {
  if (run === undefined || run.processId === '') return ['create']
  if (run.endedAt !== undefined) return []
  const onPending: CommandName[] = ['resolve-effect', 'report-progress', 'cancel-effect']
  return ['request-effects', ...(run.effectsPending > 0 ? onPending : []), 'complete', 'fail', 'cancel']
}

/** Says what the state is, why it does not allow what was wished for, and what it allows. Code: `invalid-transition`. */
export function refusal(run: RunSummary, reason: string, effect?: Effect): DaybookError {
  const allowed = allowedCommands(run)
  const then =
    allowed.length === 0 ? 'It takes no more commands.' : `What it allows now: ${allowed.join(', ')}.`
  const { runId, status, lastSeq } = run
  const message = `The run ${runId} is ${status} (as of event ${lastSeq}): ${reason}. ${then}`
  return new DaybookError('invalid-transition', message, {
    details: {
      runId,
      status,
      seq: lastSeq,
      allowed: [...allowed],
      ...(effect !== undefined && { effectId: effect.effectId, effectStatus: effect.status }),
    },
  })
}
