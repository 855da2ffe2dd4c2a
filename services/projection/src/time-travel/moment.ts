import { DaybookError } from '@daybook/errors'
import { Type } from 'typebox'
import { instant, instantOf } from '../routes/instants.ts'

/** As of when: after the event of a seq (0 is before the first), at an instant of the journal's clock, or now. */
export type Moment = { seq: number } | { instant: string } | 'now'

const INSTANT = new RegExp(instant.pattern)
const SEQ = /^\d{1,16}$/

/** How a request says it. */
export const momentSchema = Type.String({
  maxLength: 40,
  description:
    'A seq (what was after that event; 0 is before the first one), or a day or an instant in UTC (what the journal had by then, by its own clock). Now, if it is left out.',
})

/** Code: `invalid-request`. */
export function parseMoment(text: string | undefined): Moment {
  if (text === undefined) return 'now'
  if (SEQ.test(text) && Number.isSafeInteger(Number(text))) return { seq: Number(text) }
  if (INSTANT.test(text)) return { instant: instantOf(text) }
  throw new DaybookError(
    'invalid-request',
    `${JSON.stringify(text)} is neither a seq nor an instant such as 2026-11-21T09:00:00.000Z.`,
  )
}
