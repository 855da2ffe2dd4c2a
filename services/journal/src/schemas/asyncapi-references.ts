import type { JsonObject } from '@daybook/errors'

/** What the parts of the document name of each other. */

export const toComponent = (part: 'messages' | 'schemas', name: string): JsonObject => ({
  $ref: `#/components/${part}/${name}`,
})

export const toMessage = (channel: string, name: string): JsonObject => ({
  $ref: `#/channels/${channel}/messages/${name}`,
})

export const parameters = {
  tenant: { description: 'Whose events', default: 'main' },
  id: { description: 'The id of the stream; signs that subjects use are written as %2E and so on' },
  actorKind: {
    description: 'Of the actor that the token stands for',
    enum: ['agent', 'user', 'service', 'schedule'],
  },
  actorId: {
    description:
      'Of the actor that the token stands for, with percent signs as in a URL; dots and asterisks too',
  },
} satisfies JsonObject
