import type { JsonObject } from '@daybook/errors'
import type { TSchema } from 'typebox'

/** One version of one type of event: which streams it belongs in and what its data must look like. */
export interface EventType<Type extends string = string, Schema extends TSchema = TSchema> {
  /** The kind of stream, such as `run`. */
  readonly kind: string
  readonly type: Type
  readonly v: number
  /** What such an event says, in a sentence. It is published with the schema. */
  readonly description?: string
  /** Strict: it is applied when an event is appended. Readers take unknown fields. */
  readonly schema: Schema
  /**
   * Makes the data of the next version out of data of this one; every version but the newest has it. Pure and total: it
   * gets what this schema took, and what older writers wrote.
   */
  readonly upcast?: (data: JsonObject) => JsonObject
}

/** Declares an event type; keeps the literal type name and the schema for `EventData`. */
export function defineEvent<const Type extends string, Schema extends TSchema>(
  event: EventType<Type, Schema>,
): EventType<Type, Schema> {
  return event
}
