import { decodeCursor, encodeCursor, invalidCursor } from '@daybook/eventing'
import {
  ACCOUNT_PATTERN,
  FOREIGN_ID_PATTERN,
  inboundMessageSchema,
  isInstant,
  MESSAGE_KEY_PATTERN,
  SOURCE_PATTERN,
} from '@daybook/events'
import { Type } from 'typebox'
import type { MessagesCursor } from '../store/list-messages.ts'

const { Optional, String: Text } = Type

export const source = Optional(Text({ pattern: SOURCE_PATTERN }))
export const account = Optional(Text({ pattern: ACCOUNT_PATTERN }))

/** Which messages. */
export const filterFields = {
  state: Optional(inboundMessageSchema.properties.state),
  source,
  account,
  conversation: Optional(Text({ pattern: FOREIGN_ID_PATTERN })),
}

const messageKey = new RegExp(MESSAGE_KEY_PATTERN)

/** For a list of messages. */
export function encodeMessagesCursor({ receivedAt, key }: MessagesCursor): string {
  return encodeCursor(receivedAt, key)
}

/** Code: `invalid-cursor`. */
export function decodeMessagesCursor(cursor: string): MessagesCursor {
  const [receivedAt, key] = decodeCursor(cursor, 2)
  if (typeof receivedAt !== 'string' || !isInstant(receivedAt)) throw invalidCursor()
  if (typeof key !== 'string' || !messageKey.test(key)) throw invalidCursor()
  return { receivedAt, key }
}
