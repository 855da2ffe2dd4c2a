import type { ReadMessage } from '@daybook/client'
import type { InboundMessage, InboundReply } from '@daybook/events'
import { printable } from '../printable.ts'
import { conflictLines } from './conflict-lines.ts'
import { ageText, stateText } from './message-columns.ts'

/** All that is known of a message, for a person; `now` is when it is looked at. Everything in it is printable. */
export function messageLines(message: ReadMessage, now: string): string[] {
  return [
    ...factsOf(message, now),
    ...section('Failed attempts', failureLines(message.failures)),
    ...section(`Other bodies under its id (${message.conflictsTotal})`, conflictLines(message)),
    ...section(`Replies (${message.replies.length})`, message.replies.flatMap(replyLines)),
    ...section('Payload', payloadLines(message)),
  ]
}

function factsOf(message: ReadMessage, now: string): string[] {
  const { lease, eventTime, completedAt, dismissal, result, state } = message
  const facts: [string, string | undefined][] = [
    ['key', message.key],
    ['state', stateText(message)],
    ['source', message.source],
    ['account', message.account],
    ['conversation', isErased(message) ? '(erased)' : message.conversation],
    ['message', isErased(message) ? '(erased)' : message.messageId],
    ['lane', message.lane],
    ['received', `${message.receivedAt} (${ageText(message.receivedAt, now)} ago)`],
    ['sent', eventTime],
    ['attempts', String(message.attempts)],
    ['due', state === 'pending' ? message.nextAttemptAt : undefined],
    ['worker', lease && `${lease.worker}, until ${lease.until} (token ${lease.token})`],
    ['died', message.death?.at],
    ['duplicates', String(message.duplicates)],
    ['requeues', message.requeues === 0 ? undefined : String(message.requeues)],
    ['completed', completedAt],
    ['result', result === undefined ? undefined : JSON.stringify(result)],
    ['parked', parkedText(message)],
    ['dismissed', dismissal && [dismissal.at, dismissal.reason].filter(Boolean).join(': ')],
  ]
  return facts.flatMap(([name, value]) =>
    value === undefined ? [] : [`${name.padEnd(12)}  ${printable(value)}`],
  )
}

function parkedText({ parked }: ReadMessage): string | undefined {
  if (parked === undefined) return undefined
  return `its conversation is left out from event ${parked.seq} on: daybook dead-letters:show ${parked.deadLetterId}`
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines]
}

function failureLines(failures: InboundMessage['failures']): string[] {
  return failures.map(({ attempt, at, worker, error }) => {
    const why = error === undefined ? 'erased' : `${error.class}: ${error.message}`
    const end = error?.retryable === false ? ' (trying again cannot help)' : ''
    return `  ${attempt}  ${at}  ${printable(worker ?? '-')}  ${printable(why)}${end}`
  })
}

function replyLines(reply: InboundReply): string[] {
  const { settledAt, reason, receipt, lease } = reply
  const facts = [
    settledAt === undefined ? `queued ${reply.queuedAt}` : `settled ${settledAt}`,
    `attempts ${reply.attempts}`,
    ...(lease === undefined ? [] : [`${lease.worker} until ${lease.until}`]),
    ...(reply.mayBeDuplicate ? ['may have been sent before'] : []),
    ...(reason === undefined ? [] : [reason]),
    ...(receipt === undefined ? [] : [`receipt ${JSON.stringify(receipt)}`]),
  ]
  return [
    `  ${reply.reply}  ${reply.state}  ${printable(facts.join(', '))}`,
    `     idempotency key ${printable(reply.idempotencyKey)}`,
    ...failureLines(reply.failures).map((line) => `   ${line}`),
    `     ${reply.payload === undefined ? '(erased)' : printable(JSON.stringify(reply.payload))}`,
  ]
}

/** Indented, since a person reads it. What JSON does not escape, `printable` does. */
function payloadLines(message: ReadMessage): string[] {
  const { payload, payloadEvicted } = message
  if (payload === undefined)
    return [payloadEvicted ? '  (not at hand: the archive that has it does not answer)' : '  (erased)']
  return JSON.stringify(payload, undefined, 2)
    .split('\n')
    .map((line) => `  ${printable(line)}`)
}

/** With its payload a message loses its id; no platform sends an empty one. */
function isErased({ messageId }: InboundMessage): boolean {
  return messageId === ''
}
