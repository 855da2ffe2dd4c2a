import { DaybookError, toProblem } from '@daybook/errors'
import { printable } from './printable.ts'
import type { Shell } from './shell.ts'

/** What a shell script sees. */
export const exitCodes = { success: 0, failed: 1, badUsage: 2 } as const

/**
 * Tells the user on stderr what went wrong, as one sentence or as the problem object, and chooses the exit code.
 * A stack trace is shown only under DAYBOOK_DEBUG: whoever reads it is then looking for our fault, not for theirs.
 */
export async function reportFailure(error: unknown, shell: Shell, json: boolean): Promise<number> {
  if (json) await shell.stderr.write(`${JSON.stringify(problemOf(error))}\n`)
  else await shell.stderr.write(`${sentenceOf(error)}\n`)
  if (shell.env['DAYBOOK_DEBUG'] && error instanceof Error) await shell.stderr.write(`${traceOf(error)}\n`)
  return error instanceof DaybookError && error.code === 'invalid-usage' ? exitCodes.badUsage : exitCodes.failed
}

/** This process is the user's own, so an unexpected error may say here what it would not say over a wire. */
function problemOf(error: unknown): ReturnType<typeof toProblem> {
  return error instanceof DaybookError ? toProblem(error) : toProblem(new DaybookError('internal', sentenceOf(error)))
}

function sentenceOf(error: unknown): string {
  // Line by line: a report of several lines keeps its lines, and nothing in it can move the cursor.
  const text = (error instanceof Error ? error.message : String(error)).split('\n').map(printable).join('\n')
  if (error instanceof DaybookError) return `daybook: ${text} [${error.code}]`
  return `daybook: an unexpected error happened: ${text} [internal]. Run it again with DAYBOOK_DEBUG=1 to see where.`
}

function traceOf(error: Error): string {
  const trace = error.stack ?? error.message
  return error.cause instanceof Error ? `${trace}\ncaused by ${traceOf(error.cause)}` : trace
}
