import type { JsonValue } from '@daybook/errors'
import { isObject, valueAt } from '../json-pointer.ts'
import { type Delivery, firstText, instantOf, type MessageNames } from '../names.ts'
import { discordScheme } from '../schemes/discord.ts'
import type { HookAnswer, Platform } from './platform.ts'

const CONVERSATION = ['/channel_id', '/channel/id', '/guild_id', '/member/user/id', '/user/id']
/** The first second of 2015: ids begin with the milliseconds since then (discord.com/developers, "Snowflakes"). */
const DISCORD_EPOCH_MS = 1_420_070_400_000n
const SNOWFLAKE = /^\d{15,20}$/

const PING = 1
const COMPONENT = 3
const AUTOCOMPLETE = 4
/** Of "Interaction Callback Type": what tells Discord that the rest comes later, over the interaction's token. */
const PONG = 1
const DEFERRED_MESSAGE = 5
const DEFERRED_UPDATE = 6
const AUTOCOMPLETE_RESULT = 8
/** Of "Webhook Event Payloads", which number a ping otherwise. */
const EVENT_PING = 0

/**
 * Discord (discord.com/developers, "Receiving and Responding to Interactions"). Interactions have an id, and are answered
 * that the reply comes later, or Discord would show them as failed. Webhook events have none: `messageId` has to be set.
 */
export const discord: Platform = {
  scheme: discordScheme,
  keptHeaders: [],
  leftOut: [],
  names,
  handshake,
  answer,
}

function names({ value }: Delivery): MessageNames {
  const messageId = firstText(value, ['/id'])
  const conversation = firstText(value, CONVERSATION)
  return { messageId, conversation, eventTime: messageId === undefined ? undefined : timeOf(messageId) }
}

function timeOf(snowflake: string): string | undefined {
  return SNOWFLAKE.test(snowflake)
    ? instantOf(Number((BigInt(snowflake) >> 22n) + DISCORD_EPOCH_MS))
    : undefined
}

function handshake(value: JsonValue | undefined): HookAnswer | undefined {
  // A webhook event has the type 1 as well, and says what happened.
  const hasEvent = isObject(valueAt(value, '/event'))
  const type = valueAt(value, '/type')
  if (type === PING && !hasEvent) return { status: 200, body: { type: PONG } }
  return type === EVENT_PING ? { status: 204 } : undefined
}

function answer(value: JsonValue | undefined): HookAnswer {
  const type = valueAt(value, '/type')
  // A webhook event, which wants no answer.
  if (type === PING) return { status: 204 }
  if (type === COMPONENT) return { status: 200, body: { type: DEFERRED_UPDATE } }
  if (type !== AUTOCOMPLETE) return { status: 200, body: { type: DEFERRED_MESSAGE } }
  return { status: 200, body: { type: AUTOCOMPLETE_RESULT, data: { choices: [] } } }
}
