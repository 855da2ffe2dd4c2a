import type { JsonValue } from '@daybook/errors'
import type { Author, StreamReader } from '@daybook/eventing'
import { type AttemptFailure, type InboundMessage, type InboundReply, placeOfLane } from '@daybook/events'
import { type AboutParts, isCode, type LeaseAnswer } from './about-message.ts'
import { leaseOf } from './claimed.ts'
import type { LaneOutcome, LaneWish } from './commands.ts'
import type { FoundMessage } from './find-message.ts'

interface HeldReply {
  readonly key: string
  readonly reply: number
  readonly token: number
}

/** What a reply is after a command, and its message. */
interface ReplyAnswer {
  readonly key: string
  readonly reply: number
  readonly state: InboundReply['state']
  readonly messageState: InboundMessage['state']
}

/** What the sender of a reply tells. Codes: `lease-lost`, `not-found`, and those of `decideLoop`. */
export interface AboutReply {
  extend(author: Author, told: HeldReply & { leaseMs?: number }): Promise<LeaseAnswer & { reply: number }>
  /** Told again with the same token it is answered the same. */
  sent(author: Author, told: HeldReply & { receipt?: JsonValue }): Promise<ReplyAnswer>
  fail(
    author: Author,
    told: HeldReply & { error: AttemptFailure; outcome: 'not-sent' | 'unknown' },
  ): Promise<ReplyAnswer>
  release(author: Author, told: HeldReply & { reason: string; delayMs?: number }): Promise<ReplyAnswer>
}

export function aboutReplies(parts: AboutParts & { readonly read: StreamReader }): AboutReply {
  const { commands, messages, limitsOf, read } = parts
  type ReplyWish = Extract<LaneWish, { reply: number }>
  const execute = async (author: Author, wish: ReplyWish): Promise<ReplyAnswer> => {
    const lane = await messages.laneOf({ tenant: author.tenant, key: wish.key })
    return answerOf(wish, await commands.execute({ author, lane, wish }))
  }
  return {
    async extend(author, { key, reply, token, ...asked }) {
      const lane = await messages.laneOf({ tenant: author.tenant, key })
      const leaseMs = asked.leaseMs ?? limitsOf(placeOfLane(lane)?.source ?? '').replyLeaseMs
      const wish = { name: 'extend-reply' as const, key, reply, token, leaseMs }
      const { state } = await commands.execute({ author, lane, wish })
      const held = state.messages.get(key)?.replies.find((one) => one.reply === reply)
      return { key, reply, ...leaseOf(held?.lease, leaseMs) }
    },
    async sent(author, told) {
      try {
        return await execute(author, { name: 'reply-sent', ...told })
      } catch (error) {
        if (!isCode(error, 'lease-lost')) throw error
        const found = await messages.getNewest({ tenant: author.tenant, key: told.key })
        const answer = await answerAgain(read, author, { told, found })
        if (answer === undefined) throw error
        return answer
      }
    },
    fail: (author, { outcome, ...told }) =>
      execute(author, { name: 'fail-reply', ...told, isUnknown: outcome === 'unknown' }),
    release: (author, { delayMs = 0, ...told }) =>
      execute(author, { name: 'release-reply', ...told, delayMs }),
  }
}

/** A message whose replies are all settled is let go, and this one was the last of them. */
function answerOf(
  { name, key, reply }: { name: LaneWish['name']; key: string; reply: number },
  { state }: LaneOutcome,
): ReplyAnswer {
  const message = state.messages.get(key)
  const known = message?.replies.find((one) => one.reply === reply)
  const settled = name === 'reply-sent' ? 'sent' : 'ambiguous'
  return { key, reply, state: known?.state ?? settled, messageState: message?.state ?? 'completed' }
}

/** The event that settled the reply says under which token it was sent. */
async function answerAgain(
  read: StreamReader,
  { tenant }: Author,
  { told: { key, reply, token }, found }: { told: HeldReply; found: FoundMessage },
): Promise<ReplyAnswer | undefined> {
  const { lane: stream, message } = found
  const settled = message.replies.find((one) => one.reply === reply)
  if (settled?.state !== 'sent' || settled.settledSeq === undefined) return undefined
  const after = settled.settledSeq - 1
  const { events } = await read({ tenant, stream, after, limit: 1, bytesMax: Number.MAX_SAFE_INTEGER })
  if (events[0]?.data['token'] !== token) return undefined
  return { key, reply, state: settled.state, messageState: message.state }
}
