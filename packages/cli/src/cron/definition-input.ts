import type { JobChange, NewJob } from '@daybook/client'
import { DaybookError, type JsonValue } from '@daybook/errors'
import type { Command } from 'commander'
import { readJsonInput } from '../json-input.ts'
import type { Shell } from '../shell.ts'
import { type ActionOptions, actionOf, withAction } from './action-options.ts'
import { type PolicyOptions, policiesOf, withPolicies } from './policy-options.ts'
import { type ScheduleOptions, scheduleOf, withSchedule } from './schedule-options.ts'

/** What a job is told, as options say it. */
export interface DefinitionOptions extends ScheduleOptions, ActionOptions, PolicyOptions {
  readonly file?: string
}

export function withDefinition(command: Command): Command {
  return withPolicies(
    withAction(
      withSchedule(
        command.option(
          '--file <file>',
          'all that as JSON, as the API has it; - for standard input; options are said in addition',
        ),
      ),
    ),
  )
}

/** What the file says, and what the options say in place of it. Codes: `invalid-usage`, those of reading JSON. */
export async function definitionOf(options: DefinitionOptions, shell: Shell): Promise<Partial<NewJob>> {
  const given = options.file === undefined ? {} : membersOf(await readJsonInput(options.file, shell))
  const schedule = scheduleOf(options)
  const action = await actionOf(options, shell)
  return {
    ...given,
    ...policiesOf(options),
    ...(schedule !== undefined && { schedule }),
    ...(action !== undefined && { action }),
  }
}

/** The server says what is wrong with its members, and has better words for it. */
function membersOf(value: JsonValue): Partial<NewJob> & JobChange {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new DaybookError(
    'invalid-usage',
    'The file must hold an object, as in {"schedule":{"cron":"0 3 * * *"},"action":{"do":"deliver"}}.',
  )
}
