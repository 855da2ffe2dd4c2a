import type { Actor } from '@daybook/events'
import { InvalidArgumentError, Option } from 'commander'
import type { Shell } from './shell.ts'

const kinds: readonly Actor['kind'][] = ['user', 'agent', 'service', 'schedule']

/** `--actor`, for what is written down together with who decided it. */
export function actorOption(): Option {
  return new Option(
    '--actor <[kind:]id>',
    'who decides, as in ann or service:deploy (default: the user of this machine)',
  ).argParser(parseActor)
}

function parseActor(text: string): Actor {
  const kind = kinds.find((known) => text.startsWith(`${known}:`)) ?? 'user'
  const id = text.startsWith(`${kind}:`) ? text.slice(kind.length + 1) : text
  if (id === '') throw new InvalidArgumentError('It must name somebody, as in ann or service:deploy.')
  return { kind, id }
}

/** Who was named, or else who is at work here. */
export function actorOf(named: Actor | undefined, { env }: Shell): Actor {
  return named ?? { kind: 'user', id: env['USER'] || env['USERNAME'] || 'unknown' }
}
