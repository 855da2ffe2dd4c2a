import type { InboundStats } from '@daybook/client'
import { messageStates } from '@daybook/events'
import type { Column } from '../table.ts'
import { ageText } from './message-columns.ts'

/** The columns of the numbers, looked at at an instant. Replies stand behind messages, under names of their own. */
export function statsColumns(now: string): readonly Column<InboundStats>[] {
  return [
    { title: 'SOURCE', value: ({ source, account }) => `${source}:${account}` },
    ...messageStates.map((state) => numbers(state.toUpperCase(), ({ messages }) => messages[state] ?? 0)),
    {
      title: 'OLDEST',
      align: 'right',
      value: ({ oldestPendingAt }) => (oldestPendingAt === undefined ? '' : ageText(oldestPendingAt, now)),
    },
    numbers('PAYLOADS', ({ payloads }) => payloads),
    numbers('TRIES', ({ attempts }) => attempts),
    numbers('DUPLICATES', ({ duplicates }) => duplicates),
    numbers('CONFLICTS', ({ conflicts }) => conflicts),
    numbers('TO SEND', ({ replies }) => (replies['pending'] ?? 0) + (replies['claimed'] ?? 0)),
    ...['sent', 'ambiguous'].map((state) =>
      numbers(state.toUpperCase(), ({ replies }) => replies[state] ?? 0),
    ),
    numbers('UNSENT', ({ replies }) => replies['dead'] ?? 0),
  ]
}

function numbers(title: string, value: (stats: InboundStats) => number): Column<InboundStats> {
  return { title, align: 'right', value: (stats) => value(stats).toLocaleString('en-US') }
}
