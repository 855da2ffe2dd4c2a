import type { JsonObject } from '@daybook/errors'
import type { JournalEvent } from './envelope.ts'
import type { EventType } from './event-type.ts'
import { eventTypes } from './registry.ts'

/** One step of a type: from the data of version `v` to that of `v + 1`. Pure. */
export type Upcaster = Pick<EventType, 'type' | 'v'> & { readonly upcast: (data: JsonObject) => JsonObject }

/** An event for who works with it, rather than for who verifies it. */
export type UpcastEvent = JournalEvent & {
  /** The version that was recorded, and that checksum and hash belong to; absent when it is `v`. */
  readonly recordedV?: number
}

/** See `createUpcast`. */
export type Upcast = (event: JournalEvent) => UpcastEvent

/**
 * Makes the function that gives every event the newest version of its type that the steps lead to, so that whoever reads
 * events knows one form of each. What is stored, relayed and verified stays as it was recorded: the checksum and the hash
 * of an upcast event are those of the recorded one, and `recordedV` says which version that has. An event without steps
 * is given back as it is, and so is an erased one, which has no data to work with.
 *
 * The steps of a type may begin anywhere and must follow one another; of two for one version the later counts.
 */
export function createUpcast(steps: readonly Upcaster[]): Upcast {
  const byType = new Map<string, Map<number, Upcaster['upcast']>>()
  for (const { type, v, upcast } of steps) {
    const ofType = byType.get(type) ?? new Map<number, Upcaster['upcast']>()
    byType.set(type, ofType.set(v, upcast))
  }
  return (event) => {
    const ofType = byType.get(event.type)
    if (ofType === undefined || event.erased !== undefined) return event
    let { v, data } = event
    for (let step = ofType.get(v); step !== undefined; step = ofType.get(v)) {
      data = step(data)
      v += 1
    }
    return v === event.v ? event : { ...event, v, data, recordedV: event.v }
  }
}

/** The steps of Daybook's own types. */
export const ownUpcasters: readonly Upcaster[] = upcastersOf(eventTypes)

/** The steps that a list of event types declares. */
export function upcastersOf(types: readonly EventType[]): Upcaster[] {
  return types.flatMap(({ type, v, upcast }) => (upcast === undefined ? [] : [{ type, v, upcast }]))
}

/** To the newest versions of Daybook's own types. */
export const upcastEvent: Upcast = createUpcast(ownUpcasters)
