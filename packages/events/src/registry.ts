import type { Static } from 'typebox'
import { streamArchived } from './archive/stream-archived.ts'
import {
  cronJobDefined,
  cronJobDeleted,
  cronJobPaused,
  cronJobResumed,
  cronJobSetAside,
  cronJobUpdated,
  cronPayloadsErased,
  cronSlotsMissed,
} from './cron/job-events.ts'
import {
  cronRunCancelRequested,
  cronRunClaimed,
  cronRunExtended,
  cronRunFinished,
  cronRunHeld,
  cronRunQueued,
  cronRunReleased,
  cronRunReplaced,
  cronRunRetried,
  cronRunSkipped,
  cronRunStarted,
  cronRunTimedOut,
} from './cron/run-events.ts'
import { payloadsErased } from './erasure/payloads-erased.ts'
import type { EventType } from './event-type.ts'
import { EventTypes } from './event-types.ts'
import { holdReleased, holdSet } from './hold/hold-events.ts'
import { runImported } from './import/run-imported.ts'
import {
  inboundClaimed,
  inboundCompleted,
  inboundConflicted,
  inboundDead,
  inboundDismissed,
  inboundDuplicated,
  inboundExtended,
  inboundFailed,
  inboundPayloadsErased,
  inboundReceived,
  inboundReleased,
  inboundRequeued,
} from './inbound/message-events.ts'
import {
  outboundAmbiguous,
  outboundClaimed,
  outboundDead,
  outboundExtended,
  outboundFailed,
  outboundQueued,
  outboundReleased,
  outboundRequeued,
  outboundSent,
} from './inbound/reply-events.ts'
import { memoryRetained } from './memory/memory-events.ts'
import { runDamaged } from './run/damaged.ts'
import { effectCancelled, effectProgress, effectRequested, effectResolved } from './run/effects.ts'
import { runPayloadsErased } from './run/erased.ts'
import {
  runCancelled,
  runCancelRequested,
  runCompleted,
  runCreated,
  runFailed,
  runHalted,
} from './run/lifecycle.ts'
import { costTracked, foreignEvent, sessionEndHookInvoked, stopHookInvoked } from './run/notes.ts'
import { processAssigned, processCodeHashChanged, processLog, processRuntimeError } from './run/process.ts'
import { sessionPayloadsErased } from './session/erased.ts'
import {
  sessionArchived,
  sessionBranched,
  sessionRenamed,
  sessionReset,
  sessionRunLinked,
  sessionStarted,
} from './session/session-events.ts'
import { tokenCreated, tokenRevoked } from './token/token-events.ts'

const registered = [
  runCreated,
  effectRequested,
  effectResolved,
  effectCancelled,
  effectProgress,
  costTracked,
  processLog,
  stopHookInvoked,
  sessionEndHookInvoked,
  processAssigned,
  processCodeHashChanged,
  processRuntimeError,
  runHalted,
  runCompleted,
  runFailed,
  runCancelRequested,
  runCancelled,
  foreignEvent,
  runImported,
  payloadsErased,
  runPayloadsErased,
  runDamaged,
  holdSet,
  holdReleased,
  streamArchived,
  tokenCreated,
  tokenRevoked,
  sessionStarted,
  sessionRenamed,
  sessionBranched,
  sessionReset,
  sessionArchived,
  sessionRunLinked,
  sessionPayloadsErased,
  inboundReceived,
  inboundDuplicated,
  inboundConflicted,
  inboundClaimed,
  inboundExtended,
  inboundCompleted,
  inboundFailed,
  inboundReleased,
  inboundDead,
  inboundRequeued,
  inboundDismissed,
  inboundPayloadsErased,
  outboundQueued,
  outboundClaimed,
  outboundExtended,
  outboundSent,
  outboundAmbiguous,
  outboundFailed,
  outboundReleased,
  outboundDead,
  outboundRequeued,
  cronJobDefined,
  cronJobUpdated,
  cronJobPaused,
  cronJobResumed,
  cronJobSetAside,
  cronJobDeleted,
  cronRunStarted,
  cronRunQueued,
  cronRunHeld,
  cronRunSkipped,
  cronSlotsMissed,
  cronRunReplaced,
  cronRunCancelRequested,
  cronRunClaimed,
  cronRunExtended,
  cronRunReleased,
  cronRunRetried,
  cronRunFinished,
  cronRunTimedOut,
  cronPayloadsErased,
  memoryRetained,
] as const

type Registered = (typeof registered)[number]

/** Every event type and version that can be appended; the order means nothing. */
export const eventTypes: readonly EventType[] = registered

/** The name of an event type: `RUN_CREATED`, `EFFECT_REQUESTED` … */
export type EventTypeName = Registered['type']

/** The data of the newest version of an event type. */
export type EventData<Type extends EventTypeName> = Static<Extract<Registered, { type: Type }>['schema']>

/** Daybook's own types, ready for use. */
export const ownTypes = new EventTypes(registered)

/** The event type in one version, if there is such a one. */
export function findEventType(type: string, v: number): EventType | undefined {
  return ownTypes.find(type, v)?.eventType
}
