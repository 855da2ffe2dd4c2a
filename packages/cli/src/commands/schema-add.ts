import type { Daybook } from '@daybook/client'
import { DaybookError, type JsonObject } from '@daybook/errors'
import { decodeUtf8 } from '@daybook/events'
import type { Command } from 'commander'
import { readInput } from '../input.ts'
import { wholeNumber } from '../option-values.ts'
import { isSameSchema, parseSchemaFile } from '../schema/schema-file.ts'
import type { WithSession } from '../session.ts'

interface SchemaAddOptions {
  readonly type: string
  readonly kind?: string
  readonly v?: number
  readonly description?: string
}

export function addSchemaAdd(program: Command, session: WithSession): void {
  program
    .command('schema:add')
    .description(
      'Add a version of an event type of your own: the JSON Schema of its data. It never changes again.',
    )
    .argument('[file]', 'the file to read; - or nothing for standard input')
    .requiredOption('--type <type>', 'its name, with a lower-case letter in it, as in OrderPlaced')
    .option('--kind <kind>', 'the kind of the streams it belongs in (needed for the first version)')
    .option(
      '--v <n>',
      'the version (default: the next one, unless the newest has this schema)',
      wholeNumber(1),
    )
    .option('--description <text>', 'what such an event says')
    .addHelpText(
      'after',
      '\nExample:\n  daybook schema:add order-placed.json --type OrderPlaced --kind order',
    )
    .action(async (file: string | undefined, options: SchemaAddOptions, command: Command) => {
      const at = session(command)
      const schema = parseSchemaFile(decodeUtf8(await readInput(file, at.shell)))
      await using daybook = await at.connect()
      const { type, description } = options
      const place = await placeOf(daybook, options, schema)
      const { added, isNew } = await daybook.schemas.add({
        type,
        ...place,
        schema,
        ...(description !== undefined && { description }),
      })
      if (at.json) await at.printJson({ ...added, isNew })
      else await at.print(`${added.type} version ${added.v} ${isNew ? 'was added' : 'was there already'}.`)
    })
}

/** Which kind and version: what the options say, else what follows from the versions that are there. */
async function placeOf(
  daybook: Daybook,
  options: SchemaAddOptions,
  schema: JsonObject,
): Promise<{ kind: string; v: number }> {
  const versions = (await daybook.schemas.list()).filter(({ type }) => type === options.type)
  const newest = versions.at(-1)
  const kind = options.kind ?? newest?.kind
  if (kind === undefined) {
    throw new DaybookError(
      'invalid-usage',
      `${options.type} is new: say with --kind in which streams it belongs.`,
    )
  }
  if (options.v !== undefined) return { kind, v: options.v }
  if (newest === undefined) return { kind, v: 1 }
  const { schema: there } = await daybook.schemas.get(newest.type, newest.v)
  return { kind, v: isSameSchema(there, schema) ? newest.v : newest.v + 1 }
}
