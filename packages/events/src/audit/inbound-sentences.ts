import type { JsonObject } from '@daybook/errors'
import { durationText } from './duration.ts'
import type { Teller } from './told.ts'
import { failureTail, said, tail } from './words.ts'

/** What the events of conversations say, about messages that came in and about the replies to them. */
export const inboundSentences: readonly (readonly [type: string, tell: Teller])[] = [
  ['INBOUND_RECEIVED', tellReceived],
  ['INBOUND_DUPLICATED', (data) => `${message(data)} was delivered again`],
  ['INBOUND_CONFLICTED', (data) => `${message(data)} was delivered again with another body`],
  ['INBOUND_CLAIMED', (data) => `${said(data, 'worker')} works on ${message(data)}${leased(data)}`],
  ['INBOUND_EXTENDED', (data) => `the lease of ${message(data)} was extended${leased(data)}`],
  ['INBOUND_COMPLETED', tellCompleted],
  [
    'INBOUND_FAILED',
    (data) => `attempt ${said(data, 'attempt')} at ${message(data)} failed${failureTail(data)}`,
  ],
  ['INBOUND_RELEASED', (data) => `${message(data)} was given back${tail(said(data, 'reason'))}`],
  ['INBOUND_DEAD', (data) => `${message(data)} is dead${tail(said(data, 'reason'))}`],
  [
    'INBOUND_REQUEUED',
    (data) => `${message(data)} is to be tried again, as the last of its lane${tail(said(data, 'reason'))}`,
  ],
  ['INBOUND_DISMISSED', (data) => `${message(data)} was dismissed${tail(said(data, 'reason'))}`],
  [
    'INBOUND_PAYLOADS_ERASED',
    (data) => `payloads of this conversation were erased (${said(data, 'erasureId')})`,
  ],
  ['OUTBOUND_QUEUED', (data) => `${reply(data)} is to be sent`],
  ['OUTBOUND_CLAIMED', (data) => `${said(data, 'worker')} is about to send ${reply(data)}${leased(data)}`],
  ['OUTBOUND_EXTENDED', (data) => `the lease of ${reply(data)} was extended${leased(data)}`],
  ['OUTBOUND_SENT', (data) => `${reply(data)} was sent`],
  ['OUTBOUND_AMBIGUOUS', tellAmbiguous],
  [
    'OUTBOUND_FAILED',
    (data) => `attempt ${said(data, 'attempt')} to send ${reply(data)} failed${failureTail(data)}`,
  ],
  ['OUTBOUND_RELEASED', (data) => `${reply(data)} was given back unsent${tail(said(data, 'reason'))}`],
  ['OUTBOUND_DEAD', (data) => `${reply(data)} is dead, and was not sent${tail(said(data, 'reason'))}`],
  ['OUTBOUND_REQUEUED', (data) => `${reply(data)} is to be sent again${tail(said(data, 'reason'))}`],
]

function message(data: JsonObject): string {
  return `message ${said(data, 'key')}`
}

function reply(data: JsonObject): string {
  return `reply ${said(data, 'reply')} to ${message(data)}`
}

function tellReceived(data: JsonObject): string {
  const place = `${said(data, 'source')}:${said(data, 'account')}`
  return `${message(data)} came in: ${said(data, 'messageId')} of ${said(data, 'conversation')}, at ${place}`
}

function tellCompleted(data: JsonObject): string {
  const { replies } = data
  const count = typeof replies === 'number' ? replies : 0
  const queued = count === 0 ? '' : `, ${count} ${count === 1 ? 'reply' : 'replies'} to send`
  return `${message(data)} is done${queued}${tail(said(data, 'result'))}`
}

function tellAmbiguous(data: JsonObject): string {
  const next = data['resend'] === true ? ', and is sent once more' : ''
  return `${reply(data)} may have been sent or not${next}${tail(said(data, 'reason'))}`
}

/** For how long, and at which attempt: `, for 5 min 00 s, attempt 2`. */
function leased(data: JsonObject): string {
  const { leaseMs } = data
  const attempt = said(data, 'attempt')
  const time = typeof leaseMs === 'number' ? `, for ${durationText(leaseMs)}` : ''
  return `${time}${attempt === '' ? '' : `, attempt ${attempt}`}`
}
