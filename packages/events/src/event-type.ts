import type { TSchema } from 'typebox'

/** One version of one type of event: which streams it belongs in and what its data must look like. */
export interface EventType<Type extends string = string, Schema extends TSchema = TSchema> {
  /** The kind of stream, such as `run`. */
  readonly kind: string
  readonly type: Type
  readonly v: number
  /** Strict: it is applied when an event is appended. Readers take unknown fields. */
  readonly schema: Schema
}

/** Declares an event type; keeps the literal type name and the schema for `EventData`. */
export function defineEvent<const Type extends string, Schema extends TSchema>(
  event: EventType<Type, Schema>,
): EventType<Type, Schema> {
  return event
}
