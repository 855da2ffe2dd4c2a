import type { JsonObject } from '@daybook/errors'
import { type Actor, eventTypes, readDataSchema, SCHEMA_DIALECT } from '@daybook/events'
import type { AddedSchema } from '../store/schemas.ts'

/** One version of an event type, as it is published: Daybook's own or one that a user has added. */
export interface DescribedType {
  kind: string
  type: string
  v: number
  origin: 'daybook' | 'user'
  description?: string
  actor?: Actor
  addedAt?: string
  /** JSON Schema of the data, a document of its own. */
  schema: JsonObject
}

/** Daybook's own types, by name and version. */
export function ownDescribedTypes(): DescribedType[] {
  return eventTypes
    .map(({ schema, upcast: _upcast, ...named }): DescribedType => {
      return { ...named, origin: 'daybook', schema: document(named, plain(schema)) }
    })
    .toSorted((a, b) => (a.type === b.type ? a.v - b.v : a.type < b.type ? -1 : 1))
}

/** A type of a user with its schema as it was added. */
export function describeAdded({ description, schema, ...added }: AddedSchema): DescribedType {
  return {
    ...added,
    origin: 'user',
    ...(description !== '' && { description }),
    schema: document(added, JSON.parse(schema)),
  }
}

/**
 * The schema as a part of another document: references in it would lead into that one, so they are replaced by what they
 * refer to. Daybook's own have none.
 */
export function embeddable({ origin, schema }: DescribedType): JsonObject {
  const { $schema: _dialect, $id: _id, ...part } = schema
  return origin === 'daybook' ? part : plain(readDataSchema(part))
}

/** Named by a URN: it is the same schema whichever gateway hands it out. */
function document({ type, v }: { type: string; v: number }, schema: JsonObject): JsonObject {
  return { $schema: SCHEMA_DIALECT, $id: `urn:daybook:schema:${type}:${v}`, ...schema }
}

/** As JSON, without what TypeBox and TypeScript know besides. */
function plain(schema: object): JsonObject {
  return JSON.parse(JSON.stringify(schema))
}
