import type { Static, TSchema } from 'typebox'
import type { EventType } from './event-type.ts'
import { runImported } from './import/run-imported.ts'
import { effectCancelled, effectProgress, effectRequested, effectResolved } from './run/effects.ts'
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
import { Validator } from './validator.ts'

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
] as const

type Registered = (typeof registered)[number]

/** Every event type and version that can be appended; the order means nothing. */
export const eventTypes: readonly EventType[] = registered

/** The name of an event type: `RUN_CREATED`, `EFFECT_REQUESTED` … */
export type EventTypeName = Registered['type']

/** The data of the newest version of an event type. */
export type EventData<Type extends EventTypeName> = Static<Extract<Registered, { type: Type }>['schema']>

const byName = Map.groupBy(eventTypes, ({ type }) => type)
const validators = new Map(eventTypes.map((eventType) => [eventType, new Validator(eventType.schema)]))

/** The event type in one version, if there is such a one. */
export function findEventType(type: string, v: number): EventType | undefined {
  return byName.get(type)?.find((known) => known.v === v)
}

/** The compiled schema of a registered event type. */
export function validatorOf(eventType: EventType): Validator<TSchema> {
  return validators.get(eventType) ?? new Validator(eventType.schema)
}

/** The versions of an event type, oldest first; none when the type is not known. */
export function versionsOf(type: string): readonly number[] {
  return (byName.get(type) ?? []).map(({ v }) => v).toSorted((a, b) => a - b)
}
