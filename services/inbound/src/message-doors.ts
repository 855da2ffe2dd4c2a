import { type CommandDoor, door } from '@daybook/eventing'
import {
  delayMsSchema,
  failureSchema,
  idempotencyKeySchema,
  inboundMessageSchema,
  inboundReasonSchema,
  inboundReplySchema,
  jsonSchema,
  leaseMsSchema,
  messageKeySchema,
  REPLIES_MAX,
  replyNumberSchema,
  tokenSchema,
} from '@daybook/events'
import { Type } from 'typebox'
import type { AboutMessage } from './about-message.ts'
import type { AboutReply } from './about-reply.ts'
import { leaseFields } from './claimed.ts'

const { Index, Optional } = Type

/** As large as an append may be: twenty replies of the largest kind are not. */
const COMPLETE_BYTES_MAX = 4 * 1024 * 1024

const MESSAGE = '/v1/inbound/messages/:key'
const held = { key: messageKeySchema, token: tokenSchema }
const leaseMs = Optional(leaseMsSchema)
const delayMs = Optional(delayMsSchema)
const messageAnswer = Type.Object({
  key: messageKeySchema,
  state: Index(inboundMessageSchema, ['state']),
  nextAttemptAt: Optional(Type.String({ description: 'Of one that is tried again' })),
})
const leaseAnswer = Type.Object({ key: messageKeySchema, ...leaseFields })

/** What the holder of a lease tells of a message, and what people decide about it. */
export function messageDoors(about: AboutMessage): CommandDoor[] {
  return [...finishDoors(about), ...giveBackDoors(about), ...operatorDoors(about)]
}

function finishDoors(about: AboutMessage): CommandDoor[] {
  return [
    door({
      name: 'extend',
      path: `${MESSAGE}/extend`,
      operationId: 'extendInboundMessage',
      summary: 'Keep a message for longer, counted from now.',
      fields: { ...held, leaseMs },
      response: { 200: leaseAnswer },
      execute: ({ author }, told) => about.extend(author, told),
    }),
    door({
      name: 'complete',
      path: `${MESSAGE}/complete`,
      operationId: 'completeInboundMessage',
      summary: 'The work is done; with it the replies that are to be sent.',
      fields: {
        ...held,
        result: Optional(jsonSchema),
        replies: Optional(
          Type.Array(
            Type.Object(
              { payload: jsonSchema, idempotencyKey: Optional(idempotencyKeySchema) },
              { additionalProperties: false },
            ),
            { maxItems: REPLIES_MAX },
          ),
        ),
      },
      response: { 200: messageAnswer },
      bodyBytesMax: COMPLETE_BYTES_MAX,
      execute: ({ author }, told) => about.complete(author, told),
    }),
  ]
}

function giveBackDoors(about: AboutMessage): CommandDoor[] {
  return [
    door({
      name: 'fail',
      path: `${MESSAGE}/fail`,
      operationId: 'failInboundMessage',
      summary: 'An attempt failed. It is tried again later, unless the error says that this cannot help.',
      fields: { ...held, error: failureSchema },
      response: { 200: messageAnswer },
      execute: ({ author }, told) => about.fail(author, told),
    }),
    door({
      name: 'release',
      path: `${MESSAGE}/release`,
      operationId: 'releaseInboundMessage',
      summary: 'Give a message back without having tried; that is no attempt.',
      fields: { ...held, delayMs, reason: inboundReasonSchema },
      response: { 200: messageAnswer },
      execute: ({ author }, told) => about.release(author, told),
    }),
  ]
}

function operatorDoors(about: AboutMessage): CommandDoor[] {
  const fields = { key: messageKeySchema, reason: inboundReasonSchema }
  return [
    door({
      name: 'requeue',
      path: `${MESSAGE}/requeue`,
      scope: 'admin',
      operationId: 'requeueInboundMessage',
      summary: 'Have a dead message tried again; where only a reply could not be sent, that reply.',
      fields,
      response: { 200: messageAnswer },
      execute: ({ author }, told) => about.requeue(author, told),
    }),
    door({
      name: 'dismiss',
      path: `${MESSAGE}/dismiss`,
      scope: 'admin',
      operationId: 'dismissInboundMessage',
      summary: 'Take note of a dead or a pending message: nothing more is done about it.',
      fields,
      response: { 200: messageAnswer },
      execute: ({ author }, told) => about.dismiss(author, told),
    }),
  ]
}

const REPLY = `${MESSAGE}/replies/:reply`
const heldReply = { ...held, reply: replyNumberSchema }
const replyAnswer = Type.Object({
  key: messageKeySchema,
  reply: replyNumberSchema,
  state: Index(inboundReplySchema, ['state']),
  messageState: Index(inboundMessageSchema, ['state']),
})

/** What the sender of a reply tells. */
export function replyDoors(about: AboutReply): CommandDoor[] {
  return [
    door({
      name: 'reply-extend',
      path: `${REPLY}/extend`,
      operationId: 'extendInboundReply',
      summary: 'Keep a reply for longer, counted from now.',
      fields: { ...heldReply, leaseMs },
      response: { 200: Type.Object({ key: messageKeySchema, reply: replyNumberSchema, ...leaseFields }) },
      execute: ({ author }, told) => about.extend(author, told),
    }),
    door({
      name: 'reply-sent',
      path: `${REPLY}/sent`,
      operationId: 'tellInboundReplySent',
      summary: 'The platform has taken a reply.',
      fields: { ...heldReply, receipt: Optional(jsonSchema) },
      response: { 200: replyAnswer },
      execute: ({ author }, told) => about.sent(author, told),
    }),
    door({
      name: 'reply-fail',
      path: `${REPLY}/fail`,
      operationId: 'failInboundReply',
      summary: 'A reply was not sent, or nobody knows whether it was.',
      fields: {
        ...heldReply,
        error: failureSchema,
        outcome: Type.Enum(['not-sent', 'unknown'], {
          description: 'unknown: it is ambiguous from then on; not-sent: it is certain that it was not sent',
        }),
      },
      response: { 200: replyAnswer },
      execute: ({ author }, told) => about.fail(author, told),
    }),
    door({
      name: 'reply-release',
      path: `${REPLY}/release`,
      operationId: 'releaseInboundReply',
      summary: 'Give a reply back without having tried to send it; that is no attempt.',
      fields: { ...heldReply, delayMs, reason: inboundReasonSchema },
      response: { 200: replyAnswer },
      execute: ({ author }, told) => about.release(author, told),
    }),
  ]
}
