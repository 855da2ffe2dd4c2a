import type { Draft } from '../envelope.ts'
import type { EventData, EventTypeName } from '../registry.ts'

/** What is told of an erasure, no command decides. */
type Decidable =
  | Exclude<Extract<EventTypeName, `CRON_${string}`>, 'CRON_PAYLOADS_ERASED'>
  | 'RUN_CREATED'
  | 'RUN_CANCEL_REQUESTED'

/** An event that a command leads to, in the job's stream unless it names another one. */
export type TypedCronDecision = {
  [Type in Decidable]: {
    readonly type: Type
    readonly data: EventData<Type>
    readonly correlationId?: string
    readonly key?: string
    readonly stream?: string
  }
}[Decidable]

/** Or what an action appends, whose type may be one of the user's. */
export type CronDecision =
  | TypedCronDecision
  | { readonly append: Omit<Draft, 'id' | 'v'> & { readonly v?: number } }
