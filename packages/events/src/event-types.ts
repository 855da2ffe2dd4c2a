import type { TSchema } from 'typebox'
import type { EventType } from './event-type.ts'
import { Validator } from './validator.ts'

/** An event type with its compiled schema. */
export interface CheckedType {
  readonly eventType: EventType
  readonly validator: Validator<TSchema>
}

/** Event types by name and version. Versions begin with 1 and have no gaps. */
export class EventTypes {
  /** The versions of each type; version v is at v - 1. */
  readonly #versions = new Map<string, CheckedType[]>()

  /** Throws for a gap or a version twice, or a missing upcast: these are our own faults, found by the first import. */
  constructor(eventTypes: readonly EventType[]) {
    for (const eventType of eventTypes.toSorted((a, b) => a.v - b.v)) {
      const { type, v } = eventType
      const versions = this.#versions.get(type) ?? []
      if (versions.push({ eventType, validator: new Validator(eventType.schema) }) !== v)
        throw new Error(`${type}: version ${v} comes after ${versions.length - 1} versions`)
      const before = versions.at(-2)
      if (before !== undefined && before.eventType.upcast === undefined)
        throw new Error(`${type}: version ${v - 1} has no upcast to version ${v}`)
      this.#versions.set(type, versions)
    }
  }

  find(type: string, v: number): CheckedType | undefined {
    return this.#versions.get(type)?.[v - 1]
  }

  /** Oldest first; none when the type is not known. */
  versionsOf(type: string): readonly number[] {
    return (this.#versions.get(type) ?? []).map(({ eventType }) => eventType.v)
  }
}
