import { DaybookError, type JsonValue } from '@daybook/errors'
import type { Author } from '@daybook/eventing'
import {
  type AttemptFailure,
  type InboundLimits,
  type InboundMessage,
  placeOfLane,
  type QueuedReply,
} from '@daybook/events'
import { leaseOf } from './claimed.ts'
import type { LaneCommands, LaneOutcome, LaneWish } from './commands.ts'
import type { Messages } from './find-message.ts'

export interface AboutParts {
  readonly commands: LaneCommands
  readonly messages: Messages
  readonly limitsOf: (source: string) => InboundLimits
}

interface Held {
  readonly key: string
  readonly token: number
}

/** What a message is after a command. */
interface MessageAnswer {
  readonly key: string
  readonly state: InboundMessage['state']
  readonly nextAttemptAt?: string
}

export interface LeaseAnswer {
  readonly key: string
  readonly token: number
  readonly leaseUntil: string
  readonly leaseMs: number
}

/** What is told of one message. Codes of those with a token: `lease-lost`, `not-found`; of all: those of `decideLoop`. */
export interface AboutMessage {
  extend(author: Author, told: Held & { leaseMs?: number }): Promise<LeaseAnswer>
  /** Told again with the same token it is answered the same. */
  complete(
    author: Author,
    told: Held & { result?: JsonValue; replies?: readonly QueuedReply[] },
  ): Promise<MessageAnswer>
  fail(author: Author, told: Held & { error: AttemptFailure }): Promise<MessageAnswer>
  release(author: Author, told: Held & { reason: string; delayMs?: number }): Promise<MessageAnswer>
  /** Code: `invalid-transition`. */
  requeue(author: Author, told: { key: string; reason: string }): Promise<MessageAnswer>
  /** Code: `invalid-transition`. Told again it is answered the same. */
  dismiss(author: Author, told: { key: string; reason: string }): Promise<MessageAnswer>
}

export function aboutMessages({ commands, messages, limitsOf }: AboutParts): AboutMessage {
  const execute = async (author: Author, wish: LaneWish & { key: string }): Promise<LaneOutcome> => {
    const lane = await messages.laneOf({ tenant: author.tenant, key: wish.key })
    return commands.execute({ author, lane, wish })
  }
  const newest = async ({ tenant }: Author, key: string) =>
    (await messages.getNewest({ tenant, key })).message
  return {
    async extend(author, { key, token, ...asked }) {
      const lane = await messages.laneOf({ tenant: author.tenant, key })
      const leaseMs = asked.leaseMs ?? limitsOf(placeOfLane(lane)?.source ?? '').leaseMs
      const { state } = await commands.execute({
        author,
        lane,
        wish: { name: 'extend', key, token, leaseMs },
      })
      return { key, ...leaseOf(state.messages.get(key)?.lease, leaseMs) }
    },
    async complete(author, { key, token, ...work }) {
      try {
        return answerOf(key, await execute(author, { name: 'complete', key, token, ...work }))
      } catch (error) {
        if (!isCode(error, 'lease-lost')) throw error
        const { state, completedToken } = await newest(author, key)
        if (completedToken !== token) throw error
        return { key, state }
      }
    },
    fail: async (author, told) => answerOf(told.key, await execute(author, { name: 'fail', ...told })),
    release: async (author, { delayMs = 0, ...told }) =>
      answerOf(told.key, await execute(author, { name: 'release', ...told, delayMs })),
    requeue: async (author, told) => answerOf(told.key, await execute(author, { name: 'requeue', ...told })),
    async dismiss(author, told) {
      const { key } = told
      try {
        return answerOf(key, await execute(author, { name: 'dismiss', ...told }), 'dismissed')
      } catch (error) {
        if (!isCode(error, 'not-found')) throw error
        const { state } = await newest(author, key)
        if (state === 'dismissed') return { key, state }
        throw new DaybookError('invalid-transition', `The message ${key} is ${state}.`, {
          details: { key, state },
        })
      }
    },
  }
}

/** What is finished is let go by the conversation's state. */
function answerOf(
  key: string,
  { state }: Pick<LaneOutcome, 'state'>,
  finished: InboundMessage['state'] = 'completed',
): MessageAnswer {
  const message = state.messages.get(key)
  if (message === undefined) return { key, state: finished }
  return {
    key,
    state: message.state,
    ...(message.state === 'pending' && { nextAttemptAt: message.nextAttemptAt }),
  }
}

export function isCode(error: unknown, code: string): error is DaybookError {
  return error instanceof DaybookError && error.code === code
}
