import { DaybookError } from '@daybook/errors'
import {
  type Author,
  type Call,
  type CommandDoor,
  door,
  type Patience,
  wait,
  waitMsOf,
} from '@daybook/eventing'
import {
  ACCOUNT_PATTERN,
  claimIdSchema,
  FOREIGN_ID_PATTERN,
  isInstant,
  jsonSchema,
  leaseMsSchema,
  messageKeySchema,
  SOURCE_PATTERN,
  workerSchema,
} from '@daybook/events'
import { type Static, Type } from 'typebox'
import type { LaneClaims } from './claim.ts'
import {
  type ClaimedMessage,
  type ClaimedReply,
  claimedMessageSchema,
  claimedReplySchema,
} from './claimed.ts'
import type { Messages } from './find-message.ts'
import type { Receive } from './receive.ts'
import type { ReplayAnswer, ReplayWish } from './replay.ts'

const { Boolean: Flag, Integer, Optional, String: Text } = Type

const source = Text({ pattern: SOURCE_PATTERN })
const account = Text({ pattern: ACCOUNT_PATTERN })
const claimFields = {
  wait,
  worker: workerSchema,
  claimId: Optional(claimIdSchema),
  source: Optional(source),
  account: Optional(account),
  leaseMs: Optional(leaseMsSchema),
  limit: Optional(Integer({ minimum: 1, maximum: 100, default: 1 })),
}

/** `POST /v1/inbound/messages`. Codes: see `Receive`. */
export function receiveDoor(receive: Receive): CommandDoor {
  const answer = Type.Object({
    outcome: Type.Enum([
      'accepted',
      'duplicate-pending',
      'duplicate-in-progress',
      'duplicate-done',
      'conflict',
      'dead',
    ]),
    key: messageKeySchema,
    position: Optional(Integer({ description: 'Of accepted' })),
    retryAfterMs: Optional(Integer({ description: 'Of duplicate-in-progress: until the lease ends' })),
    result: Optional(jsonSchema),
    state: Optional(Text({ description: 'Of conflict' })),
    reason: Optional(Text({ description: 'Of dead' })),
  })
  return door({
    name: 'receive',
    path: '/v1/inbound/messages',
    operationId: 'receiveInboundMessage',
    summary: 'Hand a message in, as often as it is delivered. Answers after the commit.',
    fields: {
      source,
      account,
      conversation: Text({ pattern: FOREIGN_ID_PATTERN }),
      // An empty one is refused by what tells why.
      messageId: Text({ pattern: `^$|${FOREIGN_ID_PATTERN}` }),
      payload: jsonSchema,
      eventTime: Optional(Text({ description: 'When it was sent: 2026-11-21T09:00:00.000Z' })),
    },
    response: { 200: answer, 201: answer },
    async execute({ author }, message) {
      if (message.eventTime !== undefined && !isInstant(message.eventTime))
        throw new DaybookError(
          'invalid-request',
          'eventTime is not an instant in milliseconds, UTC, such as 2026-11-21T09:00:00.000Z.',
          { details: { path: 'eventTime' } },
        )
      return receive(author, message)
    },
    statusOf: ({ outcome }) => (outcome === 'accepted' ? 201 : 200),
  })
}

/** `POST /v1/inbound/claim`. */
export function claimDoor(claims: LaneClaims<ClaimedMessage>, messages: Messages): CommandDoor {
  return door({
    name: 'claim',
    path: '/v1/inbound/claim',
    operationId: 'claimInboundMessages',
    summary:
      'Get the oldest messages that are due, one of each conversation, under a lease. The same claimId again gets the same ones.',
    fields: {
      ...claimFields,
      key: Optional(
        Type.String({
          ...messageKeySchema,
          description: 'This message and no other, if it is its turn. Not waited for.',
        }),
      ),
    },
    response: { 200: Type.Object({ messages: Type.Array(claimedMessageSchema) }) },
    async execute(call, { key, ...asked }) {
      const { author } = call
      const { wish, patience } = readClaim(call, asked)
      if (key === undefined) return { messages: await claims.claim(author, wish, patience) }
      const lane = await messages.laneOf({ tenant: author.tenant, key })
      return { messages: await claims.claimFrom(author, wish, { lane, key }) }
    },
  })
}

/** `POST /v1/inbound/replies/claim`. */
export function claimRepliesDoor(claims: LaneClaims<ClaimedReply>): CommandDoor {
  return door({
    name: 'claim-replies',
    path: '/v1/inbound/replies/claim',
    operationId: 'claimInboundReplies',
    summary: 'Get the oldest replies that are to be sent, one of each conversation, under a lease.',
    fields: claimFields,
    response: { 200: Type.Object({ replies: Type.Array(claimedReplySchema) }) },
    async execute(call, asked) {
      const { wish, patience } = readClaim(call, asked)
      return { replies: await claims.claim(call.author, wish, patience) }
    },
  })
}

type Asked = Static<ReturnType<typeof Type.Object<typeof claimFields>>>

/** Codes: `invalid-request`. */
function readClaim({ signal, isGone }: Call, { wait: waits, ...wish }: Asked) {
  if (wish.account !== undefined && wish.source === undefined)
    throw new DaybookError('invalid-request', 'An account is one of a source: name the source as well.')
  const patience: Patience = {
    waitMs: waitMsOf(waits),
    ...(signal !== undefined && { signal }),
    ...(isGone !== undefined && { isGone }),
  }
  return { wish, patience }
}

/** `POST /v1/inbound/replay`. */
export function replayDoor(run: (author: Author, wish: ReplayWish) => Promise<ReplayAnswer>): CommandDoor {
  const state = Text()
  return door({
    name: 'replay',
    path: '/v1/inbound/replay',
    scope: 'admin',
    operationId: 'replayInboundMessages',
    summary:
      'Take up expired leases and due messages at once, the oldest first: the first message of each conversation. 1,000 at most; total tells how many there were.',
    fields: {
      dryRun: Optional(Flag({ description: 'Only tell what would be taken up' })),
      rate: Optional(Type.Number({ minimum: 0.1, maximum: 10_000, description: 'Messages per second' })),
      source: Optional(source),
    },
    response: {
      200: Type.Object({
        messages: Type.Array(Type.Object({ key: messageKeySchema, lane: Text(), state, was: state })),
        total: Integer({ minimum: 0 }),
      }),
    },
    execute: ({ author }, wish) => run(author, wish),
  })
}
