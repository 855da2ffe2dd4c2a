import type { EventData, EventTypeName } from '../registry.ts'

/** What is received, and what is told of an erasure, no command decides. */
type Undecided = 'INBOUND_RECEIVED' | 'INBOUND_DUPLICATED' | 'INBOUND_CONFLICTED' | 'INBOUND_PAYLOADS_ERASED'
type Decidable = Exclude<Extract<EventTypeName, `INBOUND_${string}` | `OUTBOUND_${string}`>, Undecided>

/** An event that a command leads to; `correlationId` says also of one whose payload was erased which message it is about. */
export type InboundDecision = {
  [Type in Decidable]: {
    readonly type: Type
    readonly data: EventData<Type>
    readonly correlationId: string
  }
}[Decidable]
