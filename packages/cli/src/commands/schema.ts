import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Daybook, Schema, SchemaSummary } from '@daybook/client'
import { DaybookError } from '@daybook/errors'
import type { Command } from 'commander'
import { wholeNumber } from '../option-values.ts'
import { printable } from '../printable.ts'
import { moduleText } from '../schema/module-text.ts'
import type { WithSession } from '../session.ts'
import { type Column, table } from '../table.ts'

export function addSchemaReads(program: Command, session: WithSession): void {
  addList(program, session)
  addShow(program, session)
  addTypes(program, session)
}

function addList(program: Command, session: WithSession): void {
  program
    .command('schema:list')
    .description("The event types in all versions: Daybook's own, and those that were added.")
    .option('--kind <kind>', 'only those of streams of this kind, as in run')
    .option('--mine', 'only those that were added')
    .addHelpText('after', '\nExample:\n  daybook schema:list --mine')
    .action(async ({ kind, mine }: { kind?: string; mine?: true }, command: Command) => {
      const { colour, connect, json, print, printJson, remark } = session(command)
      await using daybook = await connect()
      const schemas = await daybook.schemas.list({
        ...(kind !== undefined && { kind }),
        ...(mine && { origin: 'user' }),
      })
      if (json) await printJson({ schemas })
      else if (schemas.length === 0) await remark('No such event types. Add one: daybook schema:add --help')
      else await print(table(schemas, columns, colour))
    })
}

const columns: readonly Column<SchemaSummary>[] = [
  { title: 'TYPE', value: ({ type }) => type },
  { title: 'V', align: 'right', value: ({ v }) => v },
  { title: 'KIND', value: ({ kind }) => kind },
  { title: 'FROM', value: ({ origin, actor }) => (origin === 'daybook' ? 'Daybook' : (actor?.id ?? 'user')) },
  { title: 'ADDED', value: ({ addedAt }) => addedAt ?? '' },
  { title: 'DESCRIPTION', value: ({ description }) => description ?? '' },
]

function addShow(program: Command, session: WithSession): void {
  program
    .command('schema:show')
    .description('One event type with the JSON Schema of its data.')
    .argument('<type>')
    .option('--v <n>', 'this version (default: the newest)', wholeNumber(1))
    .option('--schema', 'only the schema, as a document for other tools')
    .addHelpText(
      'after',
      '\nExample:\n  daybook schema:show EFFECT_REQUESTED\n  daybook schema:show OrderPlaced --schema > order-placed.json',
    )
    .action(async (type: string, { v, schema: only }: { v?: number; schema?: true }, command: Command) => {
      const { connect, json, print, printJson } = session(command)
      await using daybook = await connect()
      const found = await daybook.schemas.get(type, v ?? (await newestOf(daybook, type)))
      if (only) await print(JSON.stringify(found.schema, undefined, 2))
      else await (json ? printJson(found) : print(linesOf(found)))
    })
}

async function newestOf(daybook: Daybook, type: string): Promise<number> {
  const versions = (await daybook.schemas.list()).filter((schema) => schema.type === type)
  const newest = versions.at(-1)
  if (newest !== undefined) return newest.v
  throw new DaybookError('not-found', `There is no event type ${type}. See: daybook schema:list`)
}

function linesOf({ schema, actor, ...facts }: Schema): string {
  const lines = Object.entries({ ...facts, ...(actor && { actor: `${actor.kind} ${actor.id}` }) })
  return [
    ...lines.map(([name, value]) => `${name.padEnd(11)}  ${printable(String(value))}`),
    '',
    ...JSON.stringify(schema, undefined, 2).split('\n').map(printable),
  ].join('\n')
}

function addTypes(program: Command, session: WithSession): void {
  program
    .command('schema:types')
    .description(
      'TypeScript types of the event types that were added, for the SDK (connectDaybook<UserEvents>()).',
    )
    .option('--out <file>', 'write them into this file (default: standard output)')
    .addHelpText('after', '\nExample:\n  daybook schema:types --out src/daybook-events.ts')
    .action(async ({ out }: { out?: string }, command: Command) => {
      const { connect, json, print, printJson, remark, shell } = session(command)
      await using daybook = await connect()
      const schemas: Schema[] = []
      for (const { type, v } of await daybook.schemas.list({ origin: 'user' })) {
        schemas.push(await daybook.schemas.get(type, v))
      }
      const text = moduleText(schemas)
      if (out === undefined) {
        await (json ? printJson({ types: schemas.length, text }) : print(text.trimEnd()))
        return
      }
      await writeFile(resolve(shell.cwd, out), text).catch((cause: unknown) => {
        throw new DaybookError('not-found', `Cannot write ${out}. Check that its folder exists.`, { cause })
      })
      await (json
        ? printJson({ types: schemas.length, file: out })
        : remark(`Wrote ${schemas.length} types to ${out}.`))
    })
}
