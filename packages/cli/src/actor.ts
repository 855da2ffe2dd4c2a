import type { Actor } from '@daybook/events'
import { InvalidArgumentError } from 'commander'

const kinds: readonly Actor['kind'][] = ['user', 'agent', 'service', 'schedule']

/** `ann`, `agent:release-bot`: somebody, as an option takes them; a user unless it says otherwise. */
export function actor(text: string): Actor {
  const kind = kinds.find((known) => text.startsWith(`${known}:`)) ?? 'user'
  const id = text.startsWith(`${kind}:`) ? text.slice(kind.length + 1) : text
  if (id === '') throw new InvalidArgumentError('It must name somebody, as in ann or service:deploy.')
  return { kind, id }
}
