import { styleText } from 'node:util'
import { type AuditEntry, actorText, isFailure } from '@daybook/events'
import { printable } from '../printable.ts'

/** As wide as the longest of the common types, EFFECT_REQUESTED and its like. */
const TYPE_WIDTH = 16

/** An entry of the trail as one line: when, what, who. `lead` stands first: the seq, or position and stream. */
export function trailLine(lead: string, entry: AuditEntry, colour: boolean): string {
  const { occurredAt, type, text, fault, actor } = entry
  const flagged = fault === undefined ? text : `${text} [fault: ${fault}]`
  const line = `${printable(lead)}  ${occurredAt}  ${printable(type).padEnd(TYPE_WIDTH)}  ${printable(flagged)} — ${printable(actorText(actor))}`
  return colour && isFailure(entry) ? styleText('red', line, { validateStream: false }) : line
}
