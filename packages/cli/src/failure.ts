import { DaybookError, toProblem } from '@daybook/errors'
import { printable } from './printable.ts'
import type { Shell } from './shell.ts'

/** What a shell script sees. */
export const exitCodes = { success: 0, failed: 1, badUsage: 2 } as const

/** Ends the command with an exit code of its own, after it has told the user itself. */
export class EarlyExit extends Error {
  override readonly name = 'EarlyExit'
  readonly exitCode: number

  constructor(exitCode: number) {
    super(`exit code ${exitCode}`)
    this.exitCode = exitCode
  }
}

/**
 * Tells the user on stderr what went wrong, as one sentence or as the problem object, and chooses the exit code.
 * A stack trace is shown only under DAYBOOK_DEBUG: whoever reads it is then looking for our fault, not for theirs.
 */
export async function reportFailure(thrown: unknown, shell: Shell, json: boolean): Promise<number> {
  const error = asDaybookError(thrown)
  await shell.stderr.write(`${json ? JSON.stringify(toProblem(error)) : sentenceOf(error)}\n`)
  if (shell.env['DAYBOOK_DEBUG']) await shell.stderr.write(`${traceOf(error)}\n`)
  return error.code === 'invalid-usage' ? exitCodes.badUsage : exitCodes.failed
}

/** This process is the user's own, so an unexpected error may say here what it would not say over a wire. */
function asDaybookError(error: unknown): DaybookError {
  if (error instanceof DaybookError) return error
  const text = error instanceof Error ? error.message : String(error)
  return new DaybookError(
    'internal',
    `An unexpected error happened: ${text}. Run it again with DAYBOOK_DEBUG=1 to see where.`,
    { cause: error },
  )
}

function sentenceOf({ message, code }: DaybookError): string {
  // Line by line: a report of several lines keeps its lines, and nothing in it can move the cursor.
  return `daybook: ${message.split('\n').map(printable).join('\n')} [${code}]`
}

function traceOf(error: Error): string {
  const trace = error.stack ?? error.message
  return error.cause instanceof Error ? `${trace}\ncaused by ${traceOf(error.cause)}` : trace
}
