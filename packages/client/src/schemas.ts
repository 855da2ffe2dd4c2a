import type { JsonObject } from '@daybook/errors'
import type { Actor } from '@daybook/events'
import { isRecord, one, toPage } from './answers.ts'
import type { Http } from './http.ts'

/** One version of an event type. */
export interface SchemaSummary {
  readonly kind: string
  readonly type: string
  readonly v: number
  /** Whose it is: Daybook's own, or added by a user of this tenant. */
  readonly origin: 'daybook' | 'user'
  readonly description?: string
  /** Who added it, and when. */
  readonly actor?: Actor
  readonly addedAt?: string
}

/** With the JSON Schema (draft 2020-12) of its data. */
export interface Schema extends SchemaSummary {
  readonly schema: JsonObject
}

/** What is added: the next version of an event type. */
export interface SchemaInput {
  /** The kind of the streams it belongs in. */
  readonly kind: string
  /** With a lower-case letter in it: names in capitals are Daybook's own. */
  readonly type: string
  /** 1, and then one more each time. */
  readonly v: number
  readonly schema: JsonObject
  readonly description?: string
}

/** Event types: Daybook's own and yours. */
export interface Schemas {
  /** All of them, by name and version. */
  list(filter?: {
    readonly kind?: string
    readonly origin?: SchemaSummary['origin']
  }): Promise<readonly SchemaSummary[]>
  /** Throws `not-found`. */
  get(type: string, v: number): Promise<Schema>
  /**
   * Adds a version, which never changes again; the same again is answered with what is there (`isNew: false`). Throws
   * `invalid-schema`, `schema-conflict`, `wrong-stream-kind`, `too-many-schemas`.
   */
  add(input: SchemaInput): Promise<{ readonly added: Schema; readonly isNew: boolean }>
}

export function openSchemas(http: Http): Schemas {
  return {
    list: async (filter = {}) =>
      toPage(await http.readJson({ path: '/v1/schemas', query: { ...filter } }), 'schemas', isSummary).items,
    get: async (type, v) => {
      const path = `/v1/schemas/${encodeURIComponent(type)}/${v}`
      return one(await http.readJson({ path }), isSchema)
    },
    add: async (input) => {
      const answer = await http.readJson({
        method: 'POST',
        path: '/v1/schemas',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(input),
      })
      return { added: one(answer, isSchema), isNew: answer.status === 201 }
    },
  }
}

function isSummary(value: unknown): value is SchemaSummary {
  return (
    isRecord(value) &&
    typeof value['kind'] === 'string' &&
    typeof value['type'] === 'string' &&
    typeof value['v'] === 'number' &&
    typeof value['origin'] === 'string'
  )
}

function isSchema(value: unknown): value is Schema {
  return isSummary(value) && 'schema' in value && isRecord(value.schema)
}
