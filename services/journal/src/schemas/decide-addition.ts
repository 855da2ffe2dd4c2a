import { DaybookError } from '@daybook/errors'

/** Versions of types that one tenant may add: a person could not look through more, and `GET /v1/schemas` lists all. */
const VERSIONS_MAX = 1_000
/** Bytes of all schemas of one tenant: each instance of the journal keeps them in memory. */
const BYTES_MAX = 4 * 1_048_576

/** One version of a user's event type, as it is to be added. */
export interface Addition {
  kind: string
  type: string
  v: number
  /** Canonical JSON. */
  schema: string
}

/** What the tenant has added until now. */
export interface Added {
  /** Of the type that is to be added. */
  versions: readonly Addition[]
  /** Of all types. */
  versionsTotal: number
  bytesTotal: number
}

/**
 * Whether a version is new or the repetition of one that was added before. Codes: schema-conflict (the version is there
 * with another schema, the type is there in another kind, or a version before it is missing), too-many-schemas.
 */
export function decideAddition(added: Added, { kind, type, v, schema }: Addition): 'new' | 'repeated' {
  const [first] = added.versions
  if (first !== undefined && first.kind !== kind) {
    throw conflict(`${type} belongs in streams of the kind ${first.kind}; all its versions do.`)
  }
  const twin = added.versions.find((version) => version.v === v)
  if (twin?.schema === schema) return 'repeated'
  if (twin !== undefined) {
    throw conflict(
      `${type} has a version ${v} with another schema. What was added stays; add the next version.`,
    )
  }
  const next = added.versions.length + 1
  if (v !== next) throw conflict(`The next version of ${type} is ${next}; versions are added in order.`)
  if (added.versionsTotal >= VERSIONS_MAX) {
    throw new DaybookError(
      'too-many-schemas',
      `There are ${VERSIONS_MAX} versions of types; no more are taken.`,
    )
  }
  if (added.bytesTotal + Buffer.byteLength(schema) > BYTES_MAX) {
    throw new DaybookError('too-many-schemas', `All schemas together may have ${BYTES_MAX} bytes.`)
  }
  return 'new'
}

function conflict(detail: string): DaybookError {
  return new DaybookError('schema-conflict', detail)
}
