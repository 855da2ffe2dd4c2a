import { DaybookError } from '@daybook/errors'
import type { Actor, PreparedRequest } from '@daybook/events'
import { type Caller, may } from '@daybook/runtime'

/** Who makes an append. */
type Author = Pick<Caller, 'actor' | 'scopes' | 'service'>

/**
 * Whom a service names beside the one it vouches for: what the jobs of a schedule do at one moment is appended together, and
 * each of them is an actor.
 */
const ACTORS_OF_SERVICE: Readonly<Record<string, Actor['kind']>> = { cron: 'schedule' }

/**
 * Makes the author the actor of the events that name none. Code: `forbidden`, for an event that names somebody else
 * whom the author may not name.
 */
export function authoredBy(author: Author, request: PreparedRequest): PreparedRequest {
  const { actor } = author
  const events = request.events.map((event, index) => {
    if (event.actor === undefined) return { ...event, actor }
    if (isSameActor(event.actor, actor) || mayName(author, event.actor)) return event
    const path = `events[${index}].actor`
    const message = `${path} is not ${actor.kind}:${actor.id}, whom the token stands for. Leave it out, or use a token with the scope admin.`
    throw new DaybookError('forbidden', message, { details: { path } })
  })
  return { ...request, events }
}

/** An admin may name anybody, as an import of what others did has to. */
function mayName(author: Author, named: Actor): boolean {
  return (
    may(author, 'admin') || (author.service !== undefined && ACTORS_OF_SERVICE[author.service] === named.kind)
  )
}

function isSameActor(a: Actor, b: Actor): boolean {
  return a.kind === b.kind && a.id === b.id
}
