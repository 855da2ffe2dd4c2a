import { Type } from 'typebox'

/** As many as one page of the tape has. */
const LIMIT_MAX = 1_024
const LIMIT_DEFAULT = 100

/** Every read tells up to which position of the journal it is complete. */
export const POSITION_HEADER = 'daybook-position'

/** Of a schema: no members but those it names. */
export const closed = { additionalProperties: false }

/** Text that Postgres can compare with: it has no NUL. */
export const text = Type.String({ minLength: 1, maxLength: 1_000, pattern: '^[^\\u0000]*$' })

/** How many entries a page may have; see `limitOf`. */
export const limit = Type.Optional(
  Type.Integer({
    minimum: 1,
    maximum: LIMIT_MAX,
    default: LIMIT_DEFAULT,
    description: 'Entries at most. A page also ends at 2 MiB; a larger entry comes alone.',
  }),
)

/** Where a page begins. */
export const cursor = Type.Optional(
  Type.String({ maxLength: 4_096, description: 'The `next` of the page before.' }),
)

/** Where the following page begins, in an answer. */
export const next = Type.Union([Type.String(), Type.Null()], {
  description: 'The cursor of the following page; null at the end.',
})

/** What has to be in the read model before it is read; see `readModel`. */
export const minPosition = Type.Optional(
  Type.Integer({
    minimum: 0,
    description: 'Wait up to 2 seconds until the read model has this position (else position-not-reached).',
  }),
)

/** The schema tells the default; nothing is filled in while a request is checked. */
export function limitOf({ limit = LIMIT_DEFAULT }: { limit?: number }): number {
  return limit
}
