import type { JsonValue } from '@daybook/errors'
import { isObject, textAt } from '../json-pointer.ts'
import { type Delivery, firstText, instantAt, type MessageNames } from '../names.ts'
import { telegramScheme } from '../schemes/telegram.ts'
import type { Platform } from './platform.ts'

/** Of a message, of a callback to one, of a boost; and of whoever asks or answers without a chat. */
const CHAT = [
  '/chat/id',
  '/message/chat/id',
  '/voter_chat/id',
  '/user_chat_id',
  '/from/id',
  '/user/id',
  '/id',
]
const THREAD = ['/message_thread_id', '/message/message_thread_id']

/**
 * Telegram (core.telegram.org/bots/api#update). The id is that of the update: an edited message is a new update, and a new
 * message here, of the same conversation. An update has one member besides its id, named by what happened; one that
 * came after this was written is read the same way.
 */
export const telegram: Platform = { scheme: telegramScheme, keptHeaders: [], leftOut: [], names }

function names({ value }: Delivery): MessageNames {
  const update = contentOf(value)
  const chat = firstText(update, CHAT)
  const thread = threadOf(update)
  return {
    messageId: firstText(value, ['/update_id']),
    conversation: chat === undefined || thread === undefined ? chat : `${chat}:${thread}`,
    eventTime: instantAt(update, ['/edit_date', '/date']),
  }
}

function contentOf(value: JsonValue | undefined): JsonValue | undefined {
  return isObject(value) ? Object.values(value).find(isObject) : undefined
}

/** Replies in an ordinary group have the number of a thread too; only topics are conversations of their own. */
function threadOf(update: JsonValue | undefined): string | undefined {
  if (!isObject(update)) return undefined
  const message = isObject(update['message']) ? update['message'] : update
  return message['is_topic_message'] === true
    ? THREAD.map((place) => textAt(update, place)).find(Boolean)
    : undefined
}
