import { hash } from 'node:crypto'
import { type MessageIdentity, messageKeyOf } from '@daybook/events'

/** A message as a bot's webhook would have it: about 350 bytes, as a chat platform sends them. */
export interface SampleMessage extends MessageIdentity {
  payload: { update: number; from: SampleSender; date: number; text: string; entities: readonly object[] }
}

interface SampleSender {
  id: number
  name: string
  language: string
}

export const ACCOUNT = 'support'

/** The number of a source's message says in which of its conversations it is: they take turns. */
export function sampleMessage(source: string, number: number, conversations: number): SampleMessage {
  const chat = number % conversations
  return {
    source,
    account: ACCOUNT,
    conversation: `-100${chat}`,
    messageId: String(number),
    payload: {
      update: number,
      from: { id: 7_000_000 + chat, name: 'Mara Lindqvist', language: 'en' },
      date: 1_795_000_000 + number,
      text: 'Hello, my order 4711 has not come yet. It was promised for last week, and nobody answers the phone. Could you please find out where it is?',
      entities: [{ type: 'mention', offset: 0, length: 5 }],
    },
  }
}

/** What the four names are together, as a UUID (RFC 9562, version 8), for a system whose ids are such. */
export function uuidOf(message: MessageIdentity): string {
  const digits = hash('sha256', messageKeyOf(message), 'hex')
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    `8${digits.slice(13, 16)}`,
    `8${digits.slice(17, 20)}`,
    digits.slice(20, 32),
  ].join('-')
}
