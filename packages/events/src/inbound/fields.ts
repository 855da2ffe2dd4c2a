import { type TProperties, Type } from 'typebox'
import { SHA256_PATTERN } from '../blob.ts'
import { INSTANT_PATTERN } from '../instant.ts'

const { Integer, Optional, String: Text } = Type
const closed = { additionalProperties: false }

/** See `messageKeyOf`. */
export const MESSAGE_KEY_PATTERN = '^[a-z2-7]{52}$'
/** A day: who needs longer has stopped working and should let somebody else try. */
export const LEASE_MS_MAX = 24 * 60 * 60 * 1000
/** Replies to one message: more is a broadcast, which has no place in a conversation. */
export const REPLIES_MAX = 20

export const messageKey = Text({ pattern: MESSAGE_KEY_PATTERN })
export const instant = Text({ pattern: INSTANT_PATTERN })
export const payloadHash = Text({ pattern: SHA256_PATTERN })
/** Who works on it: a name that tells processes apart, for people to read. */
export const workerSchema = Text({ pattern: '^[^\\u0000-\\u001f\\u007f]{1,200}$' })
/** Made by the worker for each claim, so that a claim whose answer was lost can be asked for again. */
export const claimIdSchema = Text({ pattern: '^[A-Za-z0-9_-]{1,64}$' })
export const leaseMsSchema = Integer({ minimum: 100, maximum: LEASE_MS_MAX })
/** The seq of the event that granted or extended the lease. */
export const tokenSchema = Integer({ minimum: 1 })
export const delayMsSchema = Integer({ minimum: 0, maximum: LEASE_MS_MAX })
export const reasonSchema = Text({ minLength: 1, maxLength: 2_000 })
export const attempt = Integer({ minimum: 1 })
/** Which of the replies to a message, from 1 on. */
export const replyNumber = Integer({ minimum: 1, maximum: REPLIES_MAX })

/** Why an attempt failed. The class is for programs and statistics; the message is for people. */
export const failureSchema = Type.Object(
  {
    class: Text({ pattern: '^[^\\u0000-\\u001f\\u007f]{1,100}$' }),
    message: Text({ maxLength: 4_000 }),
    retryable: Type.Boolean({ description: 'false: trying again cannot help' }),
    retryAfterMs: Optional(Integer({ minimum: 0, maximum: LEASE_MS_MAX })),
  },
  closed,
)

/** The data of an event about a message. */
export function aboutMessage<Fields extends TProperties>(fields: Fields) {
  return Type.Object({ key: messageKey, ...fields }, closed)
}

/** The data of an event about a reply to a message. */
export function aboutReply<Fields extends TProperties>(fields: Fields) {
  return Type.Object({ key: messageKey, reply: replyNumber, ...fields }, closed)
}
