import { DaybookError, type JsonValue } from '@daybook/errors'
import { type Command, Option } from 'commander'
import { keepLarge, parseNamed, readJsonInput } from '../json-input.ts'
import type { Session, WithSession } from '../session.ts'

interface TaskPostOptions {
  readonly status: 'ok' | 'error'
  readonly value?: string
  readonly valueInline?: string
  readonly error?: string
  readonly metadata?: string
  readonly stdoutRef?: string
  readonly stderrRef?: string
  readonly startedAt?: string
  readonly finishedAt?: string
}

export function addTaskPost(program: Command, session: WithSession): void {
  program
    .command('task:post')
    .description('Post the result of an effect, or the error that it ended with.')
    .argument('<runId>')
    .argument('<effectId>')
    .addOption(new Option('--status <status>', 'how it went').choices(['ok', 'error']).default('ok'))
    .option('--value <file>', 'the result as JSON; - for standard input')
    .option('--value-inline <json>', 'the result itself')
    .option('--error <file>', 'the error as JSON, an object with a message; - for standard input')
    .option('--metadata <file>', 'what else is to be kept with it, as JSON')
    .option('--stdout-ref <path>', 'where its output lies')
    .option('--stderr-ref <path>', 'where its error output lies')
    .option('--started-at <instant>', 'when the work began')
    .option('--finished-at <instant>', 'when it was done')
    .addHelpText(
      'after',
      '\nTo repeat it in the same words is no error; another result is refused. Exit code 0 when it was posted, also with --status error.\n\nExample:\n  daybook task:post 01K0… 01K1… --value result.json',
    )
    .action(async (runId: string, effectId: string, options: TaskPostOptions, command: Command) => {
      const at = session(command)
      const { value, error, metadata } = await readPosted(options, at)
      await using daybook = await at.connect()
      const { status, stdoutRef, stderrRef, startedAt, finishedAt } = options
      const refs = { stdoutRef: stdoutRef ?? null, stderrRef: stderrRef ?? null, resultRef: null }
      const named = {
        ...(stdoutRef !== undefined && { stdoutRef }),
        ...(stderrRef !== undefined && { stderrRef }),
        ...(startedAt !== undefined && { startedAt }),
        ...(finishedAt !== undefined && { finishedAt }),
      }
      const posted = {
        status,
        ...named,
        ...(value !== undefined && { result: await keepLarge(daybook, value) }),
        ...(error !== undefined && { error }),
        ...(metadata !== undefined && { metadata: await keepLarge(daybook, metadata) }),
      }
      const { receipts } = await daybook.runs.resolveEffect(effectId, posted, { runId })
      if (at.json) return await at.printJson({ status, committed: named, ...refs, receipts })
      await at.print(`${effectId} ${receipts.length === 0 ? 'was' : 'is'} resolved: ${status}`)
    })
}

interface Posted {
  readonly value?: JsonValue
  readonly error?: { readonly message: string }
  readonly metadata?: JsonValue
}

async function readPosted(options: TaskPostOptions, { shell }: Session): Promise<Posted> {
  const { status, value, valueInline, error, metadata } = options
  if (value !== undefined && valueInline !== undefined)
    throw usage('Give --value or --value-inline, not both.')
  if ([value, error, metadata].filter((file) => file === '-').length > 1)
    throw usage('Standard input can be read only once.')
  if (status === 'error' && error === undefined) throw usage('--status error needs --error <file>.')
  if (status === 'ok' && error !== undefined) throw usage('--error goes with --status error.')
  return {
    ...(value !== undefined && { value: await readJsonInput(value, shell) }),
    ...(valueInline !== undefined && { value: parseNamed(valueInline, '--value-inline') }),
    ...(error !== undefined && { error: thrown(await readJsonInput(error, shell)) }),
    ...(metadata !== undefined && { metadata: await readJsonInput(metadata, shell) }),
  }
}

function thrown(value: JsonValue): { message: string } {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  if (isObject && typeof value['message'] === 'string') return { ...value, message: value['message'] }
  throw usage(
    'The error must be an object with a message, as in {"name":"LintError","message":"2 problems"}.',
  )
}

function usage(message: string): DaybookError {
  return new DaybookError('invalid-usage', message)
}
