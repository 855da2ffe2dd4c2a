import { textAt } from '../json-pointer.ts'
import { type Delivery, firstText, instantAt, type MessageNames } from '../names.ts'
import { slackScheme } from '../schemes/slack.ts'
import type { Platform } from './platform.ts'

/** An event's id is the same in its retries. Commands and interactions are sent once, each with a trigger of its own. */
const MESSAGE_ID = ['/event_id', '/trigger_id']
/** Events; then interactions; then commands; and whose it is where there is no channel. */
const CHANNEL = [
  '/event/channel',
  '/event/channel/id',
  '/event/channel_id',
  '/event/item/channel',
  '/event/assistant_thread/channel_id',
  '/channel/id',
  '/container/channel_id',
  '/channel_id',
]
const THREAD = [
  '/event/thread_ts',
  '/event/message/thread_ts',
  '/event/assistant_thread/thread_ts',
  '/container/thread_ts',
  '/message/thread_ts',
]
const PERSON = ['/event/user', '/event/user/id', '/user/id', '/user_id', '/team_id']

/**
 * Slack (api.slack.com, "Events API", "Slash commands", "Interactivity"). A thread is a conversation of its own: its first
 * message was in the channel's. The verification token, an old secret of the app that each body repeats, is not kept.
 */
export const slack: Platform = {
  scheme: slackScheme,
  keptHeaders: [],
  leftOut: ['/token'],
  names,
  handshake: (value) =>
    textAt(value, '/type') === 'url_verification'
      ? { status: 200, body: { challenge: textAt(value, '/challenge') ?? '' } }
      : undefined,
  // A person would see whatever else a slash command is answered.
  answer: () => ({ status: 200 }),
}

function names({ value }: Delivery): MessageNames {
  const channel = firstText(value, CHANNEL)
  const thread = firstText(value, THREAD)
  return {
    messageId: firstText(value, MESSAGE_ID),
    conversation:
      channel !== undefined && thread !== undefined
        ? `${channel}:${thread}`
        : (channel ?? firstText(value, PERSON)),
    eventTime: instantAt(value, ['/event_time', '/action_ts', '/actions/0/action_ts']),
  }
}
