import type { Static } from 'typebox'
import type {
  inboundClaimed,
  inboundCompleted,
  inboundDead,
  inboundDismissed,
  inboundExtended,
  inboundFailed,
  inboundReleased,
  inboundRequeued,
} from './message-events.ts'
import type {
  outboundAmbiguous,
  outboundClaimed,
  outboundDead,
  outboundExtended,
  outboundFailed,
  outboundQueued,
  outboundReleased,
  outboundRequeued,
  outboundSent,
} from './reply-events.ts'

type Decidable =
  | typeof inboundClaimed
  | typeof inboundExtended
  | typeof inboundCompleted
  | typeof inboundFailed
  | typeof inboundReleased
  | typeof inboundDead
  | typeof inboundRequeued
  | typeof inboundDismissed
  | typeof outboundQueued
  | typeof outboundClaimed
  | typeof outboundExtended
  | typeof outboundSent
  | typeof outboundAmbiguous
  | typeof outboundFailed
  | typeof outboundReleased
  | typeof outboundDead
  | typeof outboundRequeued

/** An event that a command leads to; `correlationId` says also of one whose payload was erased which message it is about. */
export type InboundDecision = {
  [Type in Decidable as Type['type']]: {
    readonly type: Type['type']
    readonly data: Static<Type['schema']>
    readonly correlationId: string
  }
}[Decidable['type']]
