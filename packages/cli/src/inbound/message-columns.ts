import { durationText, type InboundMessage } from '@daybook/events'
import { short } from '../printable.ts'
import type { Column } from '../table.ts'

/** What platforms call things may be long; as much as tells one from another in most of them. */
const FOREIGN_ID_CHARS_MAX = 24

/** The columns of a list of messages, looked at at an instant. The key comes last, as it is long and never cut. */
export function messageColumns(now: string): readonly Column<InboundMessage>[] {
  return [
    { title: 'AGE', align: 'right', value: ({ receivedAt }) => ageText(receivedAt, now) },
    { title: 'STATE', value: stateText },
    { title: 'TRIES', align: 'right', value: ({ attempts }) => attempts },
    { title: 'LAST ERROR', value: lastErrorClass },
    { title: 'SOURCE', value: ({ source, account }) => `${source}:${account}` },
    { title: 'CONVERSATION', value: ({ conversation }) => short(conversation, FOREIGN_ID_CHARS_MAX) },
    { title: 'MESSAGE', value: ({ messageId }) => short(messageId, FOREIGN_ID_CHARS_MAX) },
    { title: 'KEY', value: ({ key }) => key },
  ]
}

/** How long ago, by the clock of this machine, which may be a little behind the journal's. */
export function ageText(instant: string, now: string): string {
  return durationText(Math.max(0, Date.parse(now) - Date.parse(instant)))
}

/** `dead: attempts`; of other states the word alone. */
export function stateText({ state, death }: Pick<InboundMessage, 'state' | 'death'>): string {
  return death === undefined ? state : `${state}: ${death.reason}`
}

function lastErrorClass({ failures }: InboundMessage): string {
  return failures.at(-1)?.error?.class ?? ''
}
