import type { Token, TokenInput, TokenScope } from '@daybook/client'
import type { Actor } from '@daybook/events'
import { type Command, InvalidArgumentError } from 'commander'
import { actor } from '../actor.ts'
import { list } from '../option-values.ts'
import type { Session, WithSession } from '../session.ts'
import { type Column, table } from '../table.ts'

interface CreateOptions {
  readonly name: string
  readonly scope: TokenScope[]
  readonly ttl?: number
  readonly actor?: Actor
}

export function addTokens(program: Command, session: WithSession): void {
  addCreate(program, session)
  addList(program, session)
  addRevoke(program, session)
}

function addCreate(program: Command, session: WithSession): void {
  program
    .command('token:create')
    .description('Make a token for an agent, a person or a program. It is printed once, to stdout.')
    .requiredOption('--name <text>', 'what it is for')
    .requiredOption('--scope <scopes>', 'what it may do: read, append, approve, admin (all of it)', scopes)
    .option('--ttl <time>', 'how long it is good: 12h, 30d … up to 366d (default: 90d)', seconds)
    .option(
      '--actor <[kind:]id>',
      'in whose name it acts, as in agent:release-bot (default: the name)',
      actor,
    )
    .addHelpText(
      'after',
      '\nExamples:\n  daybook token:create --name ci --scope append,read --ttl 30d --actor agent:ci\n' +
        '  daybook token:create --name ann --scope read,approve > ann.token',
    )
    .action(async ({ name, scope, ttl, actor: named }: CreateOptions, command: Command) => {
      const at = session(command)
      await using daybook = await at.connect()
      const input: TokenInput = {
        name,
        scopes: scope,
        ...(named !== undefined && { actor: named }),
        ...(ttl !== undefined && { ttlSeconds: ttl }),
      }
      const created = await daybook.tokens.create(input)
      await (at.json ? at.printJson(created) : at.print(created.token))
      await at.remark(
        `Token ${created.id} of ${nameOf(created.actor)}: ${created.scopes.join(', ')}; until ${created.expiresAt}.\n` +
          'It is shown only now. Hand it on in DAYBOOK_TOKEN or in a file (--token-file).',
      )
    })
}

function addList(program: Command, session: WithSession): void {
  program
    .command('token:list')
    .description('The tokens that were made, the newest first.')
    .addHelpText('after', '\nExample:\n  daybook token:list --json')
    .action(async (_options: unknown, command: Command) => {
      const at = session(command)
      await using daybook = await at.connect()
      await show(at, await Array.fromAsync(daybook.tokens.list()))
    })
}

function addRevoke(program: Command, session: WithSession): void {
  program
    .command('token:revoke')
    .description('Revoke a token, for good. Within five seconds it opens nothing any more.')
    .argument('<id>', 'as token:list shows it; the second part of dbk_<id>_…')
    .addHelpText('after', '\nExample:\n  daybook token:revoke 0a1b2c3d4e5f6')
    .action(async (id: string, _options: unknown, command: Command) => {
      const at = session(command)
      await using daybook = await at.connect()
      const revoked = await daybook.tokens.revoke(id)
      await (at.json ? at.printJson(revoked) : at.print(`${revoked.id} (${revoked.name}) is revoked.`))
    })
}

async function show({ colour, json, print, printJson, remark }: Session, tokens: Token[]): Promise<void> {
  if (json) await printJson({ tokens })
  else if (tokens.length === 0) await remark('No token was made yet.')
  else await print(table(tokens, columns, colour))
}

const columns: readonly Column<Token>[] = [
  { title: 'ID', value: ({ id }) => id },
  { title: 'NAME', value: ({ name }) => name },
  { title: 'ACTOR', value: ({ actor: of }) => nameOf(of) },
  { title: 'SCOPES', value: ({ scopes: of }) => of.join(',') },
  { title: 'STATE', value: stateOf },
  { title: 'EXPIRES', value: ({ expiresAt }) => expiresAt },
  { title: 'LAST USED', value: ({ usedAt }) => usedAt ?? 'never' },
]

function stateOf({ revokedAt, expiresAt }: Token): string {
  if (revokedAt !== null) return 'revoked'
  return Date.parse(expiresAt) <= Date.now() ? 'expired' : 'good'
}

function nameOf({ kind, id }: Actor): string {
  return `${kind}:${id}`
}

const known: readonly TokenScope[] = ['read', 'append', 'approve', 'admin']

function scopes(text: string): TokenScope[] {
  const asked = list(text)
  const found = known.filter((scope) => asked.includes(scope))
  if (found.length === new Set(asked).size) return found
  throw new InvalidArgumentError(`It must be of ${known.join(', ')}.`)
}

const SECONDS_OF: Readonly<Record<string, number>> = { m: 60, h: 3_600, d: 86_400 }

function seconds(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? []
  const value = Number(count) * (SECONDS_OF[unit] ?? 0)
  if (value > 0) return value
  throw new InvalidArgumentError('It must be a number with m, h or d, as in 30d.')
}
