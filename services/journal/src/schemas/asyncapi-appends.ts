import type { JsonObject } from '@daybook/errors'
import { subjects } from '@daybook/events'
import { parameters, toComponent, toMessage } from './asyncapi-references.ts'

/** Where appends come in: as each actor's own, or, from services and admins, in any name. */
export function appendChannels(): JsonObject {
  const messages = { AppendRequest: toComponent('messages', 'AppendRequest') }
  const { tenant, actorKind, actorId } = parameters
  const own = { tenant, actorKind, actorId }
  return {
    append: {
      address: subjects.rpc('{tenant}', 'journal', 'append'),
      description:
        'Request and reply: answered after the commit. With the scope admin: events may name any actor.',
      parameters: { tenant },
      messages,
    },
    appendBy: {
      address: `${subjects.rpc('{tenant}', 'journal', 'append')}.{actorKind}.{actorId}`,
      description: 'The same with the scope append: the events are those of the actor in the subject.',
      parameters: own,
      messages,
    },
    appendReply: {
      address: null,
      description: 'The inbox that the request names.',
      messages: {
        AppendResult: toComponent('messages', 'AppendResult'),
        Problem: toComponent('messages', 'Problem'),
      },
    },
    appendQueue: {
      address: subjects.appendQueue('{tenant}'),
      description:
        'A JetStream work queue. What is refused becomes a dead letter; Daybook-Receipt-To asks for an answer. With the scope admin: events may name any actor.',
      parameters: { tenant },
      messages,
    },
    appendQueueBy: {
      address: `${subjects.appendQueue('{tenant}')}.{actorKind}.{actorId}`,
      description: 'The same with the scope append: the events are those of the actor in the subject.',
      parameters: own,
      messages,
    },
  }
}

export function appendOperations(): JsonObject {
  return {
    append: answered('append'),
    appendBy: answered('appendBy'),
    queueAppend: taken('appendQueue'),
    queueAppendBy: taken('appendQueueBy'),
  }
}

function taken(channel: string): JsonObject {
  return {
    action: 'receive',
    channel: { $ref: `#/channels/${channel}` },
    messages: [toMessage(channel, 'AppendRequest')],
  }
}

function answered(channel: string): JsonObject {
  return {
    ...taken(channel),
    reply: {
      channel: { $ref: '#/channels/appendReply' },
      messages: [toMessage('appendReply', 'AppendResult'), toMessage('appendReply', 'Problem')],
    },
  }
}

export function appendMessages(): JsonObject {
  return {
    AppendRequest: { payload: toComponent('schemas', 'AppendRequest') },
    AppendResult: { payload: toComponent('schemas', 'AppendResult') },
    Problem: {
      contentType: 'application/problem+json',
      headers: {
        type: 'object',
        properties: { 'Daybook-Error': { type: 'string' } },
        required: ['Daybook-Error'],
      },
      payload: toComponent('schemas', 'Problem'),
    },
  }
}
