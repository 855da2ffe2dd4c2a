import type { JsonObject } from '@daybook/errors'
import type { JournalEvent } from '../envelope.ts'
import type { Effect } from '../run/summary.ts'

/** An event with the effect it is about, as it is after the event, if that is known. */
export interface Told {
  readonly event: JournalEvent
  readonly effect: Effect | undefined
}

/** Makes the sentence of one type of event out of its data. Total: what is not as it should be is left out, or shown as it is. */
export type Teller = (data: JsonObject, told: Told) => string
