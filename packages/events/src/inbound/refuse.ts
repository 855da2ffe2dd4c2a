import { DaybookError } from '@daybook/errors'
import type { InboundMessage, InboundReply } from './message.ts'

/** There is no such message, or nothing is to be done about it any more. */
export function unknownMessage(key: string): DaybookError {
  return new DaybookError('not-found', `There is no unfinished message ${key}.`, { details: { key } })
}

/** Somebody else may have it by now, and whoever asks must leave it alone. */
export function leaseLost(key: string, token: number, state: string): DaybookError {
  const message = `The lease ${token} of the message ${key} does not hold any more: it ran out, or the message was settled (it is ${state}). What was done for it must not be told again; take the next one.`
  return new DaybookError('lease-lost', message, { details: { key, token, state } })
}

export function notAllowed(
  { key, state }: Pick<InboundMessage, 'key' | 'state'>,
  why: string,
  reply?: InboundReply,
): DaybookError {
  return new DaybookError('invalid-transition', `The message ${key} is ${state}: ${why}.`, {
    details: { key, state, ...(reply !== undefined && { reply: reply.reply, replyState: reply.state }) },
  })
}
