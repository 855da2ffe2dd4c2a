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
    .argument('<name>', 'as projection:list has it, such as runs')
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
      if (json) await printJson(asAnswered(result))
      else
        await print(
          result.difference === null ? `${counted(result)}: no difference.` : linesOf(result.difference),
        )
      if (!result.ok) throw new EarlyExit(exitCodes.failed)
    })
}

/** In one piece, as over HTTP. */
function asAnswered({ counts, ok, difference }: ProjectionVerification): object {
  if (difference === null) return { ...counts, ok, difference }
  const { where, ...rest } = difference
  return { ...counts, ok, difference: { ...where, ...rest } }
}

/** `40 runs, 120 effects, of 900 events` */
function counted({ counts: { events, ...counts } }: ProjectionVerification): string {
  const what = Object.entries(counts).map(([name, count]) => `${count} ${name}`)
  return `${what.join(', ')}, of ${events} events`
}

function linesOf({ where, path, expected, stored }: ProjectionDifference): string {
  return [
    `${printable(placeOf(where))} differs${path === '' ? '' : ` at ${printable(path)}`}:`,
    `  a fresh fold has  ${shown(expected)}`,
    `  the read model    ${shown(stored)}`,
  ].join('\n')
}

/** `runId r1, effectId e1` */
function placeOf(where: ProjectionDifference['where']): string {
  return Object.entries(where)
    .map(([name, id]) => `${name} ${id}`)
    .join(', ')
}

function shown(value: unknown): string {
  return short(JSON.stringify(value), VALUE_CHARS_MAX)
}
