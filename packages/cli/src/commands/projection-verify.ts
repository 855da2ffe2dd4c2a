import type { ProjectionDifference, ProjectionVerification } from '@daybook/client'
import type { Command } from 'commander'
import { EarlyExit, exitCodes } from '../failure.ts'
import { printable, short } from '../printable.ts'
import type { WithSession } from '../session.ts'

/** More of a value does not fit a line; --json has all of it. */
const VALUE_CHARS_MAX = 200

export function addProjectionVerify(program: Command, session: WithSession): void {
  program
    .command('projection:verify')
    .description('Compare a read model with a fresh fold of the journal; exits 1 at the first difference.')
    .argument('<name>', 'runs or sessions')
    .addHelpText('after', '\nExample:\n  daybook projection:verify runs')
    .action(async (name: string, _options: unknown, command: Command) => {
      const { connect, json, print, printJson, remark, shell } = session(command)
      await using daybook = await connect()
      let result: ProjectionVerification | undefined
      for await (const verification of daybook.projections.verify(name, shell.signal)) {
        if (result !== undefined) await remark(`${counted(result)} compared so far`)
        result = verification
      }
      if (result === undefined) return
      if (json) await printJson(result)
      else
        await print(
          result.difference === null ? `${counted(result)}: no difference.` : linesOf(result.difference),
        )
      if (!result.ok) throw new EarlyExit(exitCodes.failed)
    })
}

function counted({ runs, effects, sessions, links, events }: ProjectionVerification): string {
  const what =
    sessions === undefined
      ? `${runs} runs with ${effects} effects`
      : `${sessions} sessions with ${links} linked runs`
  return `${what}, of ${events} events`
}

function linesOf({ path, expected, stored, ...named }: ProjectionDifference): string {
  const where = placeOf(named)
  return [
    `${printable(where)} differs${path === '' ? '' : ` at ${printable(path)}`}:`,
    `  a fresh fold has  ${shown(expected)}`,
    `  the read model    ${shown(stored)}`,
  ].join('\n')
}

function placeOf({
  runId,
  effectId,
  sessionId,
}: Pick<ProjectionDifference, 'runId' | 'effectId' | 'sessionId'>): string {
  if (sessionId !== undefined) return `Session ${sessionId}`
  return effectId === undefined ? `Run ${runId}` : `Effect ${effectId} of run ${runId}`
}

function shown(value: unknown): string {
  return short(JSON.stringify(value), VALUE_CHARS_MAX)
}
