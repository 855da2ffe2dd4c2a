import type { Decision } from '@daybook/events'
import type { Command } from 'commander'
import type { WithSession } from '../session.ts'
import { linesOf } from './approvals.ts'

interface DecideOptions {
  readonly reason: string
  readonly scope?: string
  readonly run?: string
}

export function addApprovalsDecide(program: Command, session: WithSession): void {
  addDecision(program, session, {
    decision: 'approve',
    description: 'Say yes to what a run asks, in the name of the token. The first decision counts.',
    example: "daybook approvals:approve 01K0… --reason 'tested on staging' --scope once",
  })
  addDecision(program, session, {
    decision: 'deny',
    description: 'Say no to what a run asks, in the name of the token. The first decision counts.',
    example: "daybook approvals:deny 01K0… --reason 'the tests are red'",
  })
}

interface DecisionCommand {
  readonly decision: Decision
  readonly description: string
  readonly example: string
}

function addDecision(
  program: Command,
  session: WithSession,
  { decision, description, example }: DecisionCommand,
): void {
  program
    .command(`approvals:${decision}`)
    .description(description)
    .argument('<effectId>')
    .requiredOption('--reason <text>', 'why; it is kept, and the run gets it')
    .option('--scope <text>', 'how far it reaches, such as once or session; the run gets it')
    .option('--run <runId>', 'its run, where several have an effect with this id')
    .addHelpText('after', `\nExample:\n  ${example}`)
    .action(async (effectId: string, { reason, scope, run }: DecideOptions, command: Command) => {
      const { connect, json, print, printJson } = session(command)
      await using daybook = await connect()
      const approval = await daybook.approvals.decide(effectId, {
        decision,
        reason,
        ...(scope !== undefined && { scope }),
        ...(run !== undefined && { runId: run }),
      })
      await (json ? printJson(approval) : print(linesOf(approval).join('\n')))
    })
}
