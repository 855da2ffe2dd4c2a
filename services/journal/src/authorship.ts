import { DaybookError } from '@daybook/errors'
import type { Actor, PreparedRequest } from '@daybook/events'

/** Who makes an append. */
export interface Author {
  readonly actor: Actor
  /** Whether events may name somebody else, as an import of what others did has to. */
  readonly mayNameOthers: boolean
}

/**
 * Makes the author the actor of the events that name none. Code: `forbidden`, for an event that names somebody else
 * whom the author may not name.
 */
export function authoredBy({ actor, mayNameOthers }: Author, request: PreparedRequest): PreparedRequest {
  const events = request.events.map((event, index) => {
    if (event.actor === undefined) return { ...event, actor }
    if (mayNameOthers || isSameActor(event.actor, actor)) return event
    const path = `events[${index}].actor`
    const message = `${path} is not ${actor.kind}:${actor.id}, whom the token stands for. Leave it out, or use a token with the scope admin.`
    throw new DaybookError('forbidden', message, { details: { path } })
  })
  return { ...request, events }
}

function isSameActor(a: Actor, b: Actor): boolean {
  return a.kind === b.kind && a.id === b.id
}
